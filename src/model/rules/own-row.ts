import type { Id } from '../../schema/field.ts'
import type { Fields, FieldType, Me } from '../../schema/types.ts'

/** A row as functions of its resource see it: the columns of its table, relations as ids, hidden fields, but no passwords. */
export type StoredRow<F extends Fields> = { readonly [P in keyof F as Column<P, F[P]['~type']>]: Held<F[P]['~type']> }

/** The type of the caller. F are the fields of the user resource. Without one it is {@link Me}. */
export type MeOf<F> = F extends Fields ? (keyof F extends never ? Me : StoredRow<F>) : Me

type Column<P, T extends FieldType> = T['kind'] extends 'scalar' | 'one'
  ? 'secret' extends T['flags']
    ? never
    : P
  : never

type Held<T extends FieldType> = T['kind'] extends 'scalar' ? T['read'] : 'nullable' extends T['flags'] ? Id | null : Id

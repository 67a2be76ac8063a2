import type { Column, ScalarType, StoredValue } from '../../schema/scalar-type.ts'
import type { Sql, TextCompiler } from './kysely.ts'

/** What decides the type of a column. */
export type ColumnType = Pick<Column, 'column' | 'postgres'>

/** How a column is read and compared that is of no type of ours. */
export interface ColumnForm {
  readonly shown: (column: Sql) => Sql
  readonly compared: (column: Sql) => Sql
  /** How it is compared with the keys of other rows, so that indexes serve. */
  readonly related: (column: Sql) => Sql
  /** The type of values that it is compared with, where the database would take them for something else. */
  readonly typed: string | null
}

/**
 * What the databases write in different ways. Everything else that the compiler writes is understood by all of them. A
 * dialect is data: it is chosen once, and no statement asks which database it is for.
 */
export interface SqlDialect {
  readonly text: TextCompiler
  /** A condition that is always true, or never. */
  readonly yes: Sql
  readonly no: Sql
  /** The first value, or the second one where it is null. */
  readonly orElse: (value: Sql, other: Sql) => Sql
  /** Comparisons for which null is a value like any other. */
  readonly isSame: (a: Sql, b: Sql) => Sql
  readonly isOther: (a: Sql, b: Sql) => Sql
  /** A `limit` that does not limit. */
  readonly noLimit: Sql

  /** Text without its case, as `fold` of query/folding makes it. */
  readonly folded: (text: Sql) => Sql
  readonly contains: (text: Sql, part: Sql) => Sql
  /** Whether a text ends with another. `from` is the length of the other in characters, negative. */
  readonly endsWith: (text: Sql, from: Sql, end: Sql) => Sql
  /** Whether stored JSON is equal to canonical JSON, whatever the order of its members. */
  readonly isJson: (stored: Sql, canonical: Sql) => Sql

  /** A bound list (`jsonList`) as a table, and one of its elements as such a column would hold it. */
  readonly elements: (list: Sql) => Sql
  readonly element: (column: ColumnType) => Sql
  /** How many elements a list has: a bound one, or the value of a column. */
  readonly lengthOf: (list: Sql) => Sql
  /** The elements of a list in a column, as a table with this alias. */
  readonly unpacked: (list: Sql, alias: string) => Sql
  /** The value of such an element, and the name of its type: `number`, `text`, `true`, `false`, `null`, `array`, `object`. */
  readonly elementValue: (alias: string) => Sql
  readonly elementType: (alias: string) => Sql
  /** The same element with null replaced by 0, so that two of them can be compared as tuples. */
  readonly elementTuple: (alias: string) => Sql
  /** The pairs of value and type of a bound list of such pairs. */
  readonly tuplesOf: (list: Sql) => Sql

  /** Counts a row that is visited. It is always true. `each` is a column that has a value in each of the related rows. */
  readonly visit: Sql
  readonly visitRelated: (each: Sql) => Sql
  /** Reads integers that JavaScript may not be able to hold. */
  readonly readSafe: (column: Sql) => Sql
  /** Inserts a row unless it is there; `row` is the table with its columns and values. */
  readonly insertOnce: (row: Sql) => Sql
  /** How it stores the values of a field, and how it reads those of a table that another program has made. */
  readonly codec: (column: Column) => Column
  readonly foreignCodec: (type: ScalarType) => Column
  /** How a column of such a table is read and compared, by the name of its type. null = as it is. */
  readonly form: (type: ScalarType, name: string | undefined) => ColumnForm | null
  /** Bytes in hexadecimal digits, and the other way round. */
  readonly toHex: (bytes: Sql) => Sql
  readonly fromHex: (digits: Sql) => Sql
  /** Text in the order of code points, and compared by them. */
  readonly binary: (text: Sql) => Sql
  /** An id as the side table of versions has it. */
  readonly versionId: (id: Sql) => Sql
  /** The id that is made of the columns of a key (`model/key-text.ts`), and a test of one of them. */
  readonly composed: (form: string, parts: readonly Sql[]) => Sql
  readonly isPart: (column: Sql, value: Sql, typeName: string | undefined) => Sql
  /** Whether a part of an id may be the value of such a column at all. */
  readonly fitsPart: (part: StoredValue, typeName: string | undefined) => boolean
  /** The type of a column: its name as the database shows it, and as it is declared. */
  readonly typeName: (column: ColumnType) => string
  readonly columnType: (column: ColumnType) => Sql
  /** Numbers and bytes in the text of a statement, whatever the type of the column that they are for. */
  readonly number: (value: number | bigint) => Sql
  readonly bytes: (value: Uint8Array) => Sql
}

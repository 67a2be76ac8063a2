import { randomUUID } from 'node:crypto'
import type { Model } from '../../model/model.ts'
import { shapeDigest } from '../../store/migrate/former-shapes.ts'
import { targetOf } from '../../store/migrate/target.ts'
import { postgres, type PostgresOptions } from '../../store/postgres/index.ts'
import { HEAD_AT_START } from '../../store/postgres/schema/tables.ts'
import type { Store, StoreEnvironment } from '../../store/store.ts'
import { execute } from './new-database.ts'

/** Empties a schema, and gives it another name: no row, no position and no id is left, but the tables and functions are. */
const emptied = (was: string, is: string): string => `
  begin;
  alter schema ${was} rename to ${is};
  set local search_path to ${is};
  do $$ declare one record; begin
    for one in select oid::regclass as place, relkind as kind, relname as name from pg_class
      where relnamespace = '${is}'::regnamespace and relkind in ('r', 'S')
    loop
      if one.kind = 'S' then perform setval(one.place, 1, false);
      elsif one.name <> '_restuary_meta' then execute format('delete from %s', one.place); end if;
    end loop;
  end $$;
  delete from _restuary_meta where key not in ('tables', 'functions', 'shape', 'kinds');
  ${HEAD_AT_START};
  alter function restuary_capture() set search_path from current;
  commit`

/**
 * Makes empty stores on a server. Most of a short test would go by with making tables, so the schema of a store that was closed
 * is emptied for the next one with tables of the same shape.
 */
export function recycledStores(url: string, options: PostgresOptions = {}): () => Store {
  const idle = new Map<string, string[]>()
  return () => {
    const schema = `t${randomUUID().replaceAll('-', '')}`
    const inner = postgres(url, { readers: 2, schema, ...options })
    let shape: string | null = null
    const open = async (model: Model, environment: StoreEnvironment): Promise<void> => {
      const digest = shapeDigest(targetOf(model, 0).shape)
      const found = shape === null ? idle.get(digest)?.pop() : undefined
      if (found !== undefined) await execute(url, emptied(found, schema))
      await inner.open(model, environment)
      shape = digest
    }
    const close = async (): Promise<void> => {
      await inner.close()
      if (shape === null) return
      const same = idle.get(shape)
      if (same) same.push(schema)
      else idle.set(shape, [schema])
      shape = null
    }
    return new Proxy(inner, {
      get(target, name) {
        if (name === 'open') return open
        if (name === 'close') return close
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
}

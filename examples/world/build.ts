import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Api } from '../../src/index.ts'
import { readCities, readWorld } from './data.ts'
import { Progress } from './progress.ts'

type Loading = Pick<Api<never>, 'model' | 'store' | 'ready' | 'close'>
type Resource = Parameters<Loading['store']['load']>[0]
type Row = Parameters<Loading['store']['load']>[1] extends Iterable<infer R> ? R : never

/** Builds the database next to its final place and then moves it there, so that an interrupted start leaves nothing. */
export async function build(file: string, open: (file: string) => Loading): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const part = `${file}.part`
  for (const suffix of ['', '-wal', '-shm']) rmSync(part + suffix, { force: true })
  const app = open(part)
  await app.ready()
  const world = readWorld()
  await load(app, 'country', world.countries)
  await load(app, 'language', world.languages)
  await load(app, 'currency', world.currencies)
  await loadPairs(app, 'country', 'borders', world.borders)
  await loadPairs(app, 'country', 'languages', world.speaks)
  await loadPairs(app, 'country', 'currencies', world.pays)
  await load(app, 'city', readCities(world.countries))
  await app.close()
  renameSync(part, file)
}

async function load({ model, store }: Loading, name: string, objects: readonly object[]): Promise<void> {
  const resource = model.resources.get(name)!
  await store.load(resource, new Progress(name, objects.length).over(rows(resource, objects)))
}

function* rows(resource: Resource, objects: Iterable<object>): Generator<Row> {
  for (const object of objects) {
    const row: Row = []
    for (const { name, slot } of resource.columns) row[slot] = (object as Record<string, Row[number]>)[name] ?? null
    yield row
  }
}

async function loadPairs(
  { model, store }: Loading,
  name: string,
  relation: string,
  pairs: readonly (readonly [number, number])[],
): Promise<void> {
  const field = model.resources.get(name)!.field.get(relation)!
  if (field.is !== 'many') throw new TypeError(`${name}.${relation} is no many-to-many relation`)
  const sided = field.side === 'a' ? pairs : pairs.map(([from, to]) => [to, from] as const)
  await store.loadPairs(field.join, new Progress(relation, pairs.length).over(sided))
}

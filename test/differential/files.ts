// The files that are queried: samples of shops made by script, and files that are odd in one way each.
import { copyFileSync } from 'node:fs'
import { makeChinook } from '../fixtures/chinook.ts'
import { makeNorthwind } from '../fixtures/northwind.ts'
import { moreSqliteFiles } from '../odd/more-sqlite-files.ts'
import { makeFile } from '../odd/served.ts'
import { sqliteFiles } from '../odd/sqlite-files.ts'
import { untypedKeyFiles } from '../odd/untyped-key-files.ts'

/** A file by its name, how it is made, and its share of the queries. */
export interface QueriedFile {
  readonly name: string
  readonly make: (file: string) => void
  readonly share: number
}

const samples: readonly QueriedFile[] = [
  { name: 'a shop like Chinook', make: makeChinook, share: 20 },
  { name: 'a shop like Northwind', make: makeNorthwind, share: 20 },
]

const odd: readonly QueriedFile[] = [...sqliteFiles, ...moreSqliteFiles, ...untypedKeyFiles].map(one => ({
  name: one.name,
  make: file => makeFile(file, one),
  share: 1,
}))

/** The files that scripts make, and copies of others. */
export function queriedFiles(others: readonly string[] = []): readonly QueriedFile[] {
  const copies = others.map(from => ({ name: from, make: (file: string) => copyFileSync(from, file), share: 20 }))
  return [...samples, ...copies, ...odd]
}

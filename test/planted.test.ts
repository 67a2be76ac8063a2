// Faults are planted by replacing a piece of source. If the source changes, the piece must be found again.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { planted as inClients } from './client/programs/planted.ts'
import { planted as inViews } from './fault/oracle-planted.ts'
import { planted as inNodes } from './fault/nodes-planted.ts'
import { holes } from './rules/learn/planted.ts'

const pieces: readonly (readonly [fault: string, file: string, find: string])[] = [
  ...Object.entries(inClients).map(([name, { file, find }]) => [name, `client/${file}`, find] as const),
  ...Object.entries(inViews).flatMap(([name, all]) => all.map(({ file, find }) => [name, file, find] as const)),
  ...Object.entries(inNodes).flatMap(([name, { faults }]) =>
    faults.map(({ file, find }) => [name, file, find] as const),
  ),
  ...Object.entries(holes).map(([name, [file, find]]) => [name, file, find] as const),
]

test.each(pieces)('%s: its place is in %s', (_, file, find) => {
  expect(readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8')).toContain(find)
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { codes } from '../src/protocol/codes.ts'

test('§6.4 of the protocol lists exactly the codes that there are', () => {
  const text = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \| (.+?) +\|$|^\| `(\w+)` +\| +(\d{3}) \| (.+?) +\|$/gm)]
  const listed = Object.fromEntries(
    rows.map(m => [m[1] ?? m[4], { status: Number(m[2] ?? m[5]), title: m[3] ?? m[6] }]),
  )
  expect(listed).toEqual(codes)
})

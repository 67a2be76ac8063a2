import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { storeSuite } from '../../testing/store-suite.ts'
import { sqlite } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const file = (): string => join(folder, `${files++}.db`)

storeSuite('a file', () => sqlite(file()))

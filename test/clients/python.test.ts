// The Python client, by its own tests, which start servers of this repository.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { pythonWith, runsWith } from '../system-programs.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const packages = 'python3-httpx and python3-websocket'
const python = pythonWith('httpx', 'websocket')

test.skipIf(!runsWith('Python with httpx', python !== undefined, packages))(
  'the Python client passes its tests',
  async () => {
    expect(python, `install ${packages}`).toBeDefined()
    const folder = mkdtempSync(join(tmpdir(), 'restuary-python-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    // One file starts sooner than all the sources. Modules that are loaded later are not in it.
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    const input = { server: join(import.meta.dirname, 'office-server.ts') }
    await bundle({ input, dir: join(folder, 'program'), extension: '.mjs' })
    const { stderr } = await run(python!, ['-B', '-m', 'unittest'], {
      cwd: join(root, 'clients/python'),
      env: { ...process.env, NODE: process.execPath, OFFICE_SERVER: join(folder, 'program/server.mjs') },
      timeout: 150_000,
    })
    expect(stderr).toMatch(/Ran \d{2,} tests[^]*OK/)
    expect(stderr).not.toContain('skipped')
  },
)

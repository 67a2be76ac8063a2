import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Json } from './document.ts'

const run = promisify(execFile)

/** What Redocly reports about a document, without the licence, which we do not know. */
export async function lint(document: Json): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-lint-'))
  try {
    writeFileSync(
      join(directory, 'redocly.yaml'),
      JSON.stringify({ extends: ['recommended'], rules: { 'info-license': 'off' } }),
    )
    writeFileSync(join(directory, 'openapi.json'), JSON.stringify(document))
    const bin = join(import.meta.dirname, '../../node_modules/.bin/redocly')
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const args = ['lint', 'openapi.json', '--config', 'redocly.yaml', '--format', 'json']
    const { stdout } = await run(bin, args, { cwd: directory, env }).catch((error: { stdout: string }) => error)
    const { problems } = JSON.parse(stdout) as { problems: { message: string; location: { pointer?: string }[] }[] }
    return problems.map(one => `${one.location[0]?.pointer ?? ''}: ${one.message}`).join('\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

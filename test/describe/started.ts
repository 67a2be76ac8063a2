import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An example that runs as its README says, in its own directory. */
export interface Started {
  readonly url: string
  stop(): Promise<void>
}

export async function startExample(name: string, ...args: string[]): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-example-'))
  const main = fileURLToPath(new URL(`../../examples/${name}/main.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: directory,
    env: { ...process.env, PORT: '0', NODE_ENV: '' },
  })
  const closed = once(child, 'close')
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (told += chunk))
  for (;;) {
    const [, url] = /Restuary serves (http:\S+)/.exec(told) ?? []
    if (url !== undefined) {
      const stop = async (): Promise<void> => {
        child.kill('SIGTERM')
        await closed
        rmSync(directory, { recursive: true })
      }
      return { url, stop }
    }
    if (await Promise.race([closed.then(() => true), once(child.stderr, 'data').then(() => false)])) {
      throw new Error(told)
    }
  }
}

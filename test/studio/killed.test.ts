// The studio of a server that is killed and started again.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { hasBrowser, openBrowser } from '../describe/browser.ts'
import { freePort } from '../free-port.ts'

const program = fileURLToPath(new URL('task-server.ts', import.meta.url))

test.runIf(hasBrowser)('goes on where it was when the server comes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'studio-killed-'))
  const port = await freePort()
  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    server = spawn(process.execPath, [program, String(port), join(folder, 'tasks.db')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(server.stdout!, 'data')
  }
  const kill = async (): Promise<void> => {
    server!.kill('SIGKILL')
    await once(server!, 'exit')
  }
  const write = async (method: string, path: string, title: string): Promise<void> => {
    const url = `http://127.0.0.1:${port}${path}`
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(url, { method, headers, body: JSON.stringify({ title }) })).ok).toBe(true)
  }
  await start()
  const browser = await openBrowser()
  onTestFinished(async () => {
    await browser.close()
    await kill()
    rmSync(folder, { recursive: true })
  })
  await write('POST', '/task', 'before')
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${port}/studio#/data/task`)
  await page.waitForSelector('.live-mark.live')
  await page.waitForSelector('[data-id="1"] >> text=before')
  await kill()
  await page.waitForSelector('.topbar .connection >> text=Connection lost')
  // The rows stay, and say that they are not up to date.
  await page.waitForSelector('.live-mark.stale')
  await page.waitForSelector('[data-id="1"] >> text=before')
  await start()
  await write('PATCH', '/task/1', 'after')
  // The page tries again on its own after a while, and at once when the network is back.
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.waitForSelector('[data-id="1"] >> text=after')
  await page.waitForSelector('.live-mark.live')
  expect(errors).toEqual([])
})

// The client where there is no page: it needs `fetch` and `WebSocket`, and those only when they are used.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { api, resource, t } from '../../src/index.ts'
import { bundlePage, hasBrowser, openBrowser } from '../describe/browser.ts'
import { urlOf } from './served.ts'

const entries = ['index', 'offline', 'adapters/tanstack-db']
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'restuary-hosts-'))
  const source = (name: string): string => join(import.meta.dirname, `../../src/client/${name}.ts`)
  const input = Object.fromEntries(entries.map(name => [name, source(name)]))
  await bundle({ input, dir: folder, extension: '.mjs', platform: 'browser' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const serve = async (): Promise<string> => {
  const app = api({ note: resource({ id: t.id(), text: t.text() }).public() })
  await app.create('note', { text: 'a' })
  return urlOf(app)
}

/** A program that uses the built client at a URL. Its last expression is a promise of the texts that it saw. */
const program = (url: string): string => `
  for (const name of ['window', 'document', 'location', 'navigator', 'localStorage', 'sessionStorage', 'indexedDB', 'BroadcastChannel'])
    Reflect.deleteProperty(globalThis, name)
  const modules = ${JSON.stringify(entries.map(name => pathToFileURL(join(folder, `${name}.mjs`)).href))}
  Promise.all(modules.map(name => import(name))).then(async ([{ client }]) => {
    const api = client(${JSON.stringify(url)})
    const live = api.note.live()
    await live.ready
    await api.note.create({ text: 'b' })
    const texts = live.rows.map(row => row.text).join()
    api.$close()
    return texts
  })`

test('it runs in a process without anything of a browser', async () => {
  const file = join(folder, 'program.mjs')
  writeFileSync(
    file,
    program(await serve()).replace('Promise.all', 'const seen = Promise.all') + '\nconsole.log(await seen)',
  )
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  expect(stdout.trim()).toBe('a,b')
})

test('it runs in a worker of Node', async () => {
  const code = program(await serve()).replace('Promise.all', 'const seen = Promise.all')
  const worker = new Worker(
    `${code}\nseen.then(texts => require('node:worker_threads').parentPort.postMessage(texts))`,
    {
      eval: true,
    },
  )
  const texts = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await worker.terminate()
  expect(texts).toBe('a,b')
})

test.skipIf(!hasBrowser)('it runs in a worker of a page', async () => {
  const url = await serve()
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    const script = await bundlePage(join(import.meta.dirname, 'worker.page.ts'))
    await page.route(`${url}/page`, route => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.route(`${url}/worker.js`, route => route.fulfill({ contentType: 'text/javascript', body: script }))
    await page.goto(`${url}/page`)
    const texts = await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' })
      worker.addEventListener('message', ({ data }) => resolve(data))
      worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    })`)
    expect(texts).toBe('a,b')
  } finally {
    await browser.close()
  }
})

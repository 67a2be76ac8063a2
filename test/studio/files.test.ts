// Files in the studio: uploaded, looked at, downloaded, and harmless whatever they are.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { api, folder, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

/** A red pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==',
  'base64',
)
const script = 'globalThis.pwned = 1; fetch("/pwned")'
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload='${script}'><script>${script}</script></svg>`

describe.runIf(hasBrowser)('files', () => {
  const kept = mkdtempSync(join(tmpdir(), 'studio-files-'))
  afterAll(() => rmSync(kept, { recursive: true }))
  const studio = openedStudio(async () => {
    const doc = resource({
      id: t.id(),
      title: t.text(),
      any: t.file({ max: 100_000 }),
      photo: t.file({ max: 1_000, types: ['image/*'] }),
    }).public()
    const app = api(
      { doc },
      { studio: true, files: folder(kept), report: () => {}, http: { log: () => {}, overload: false } },
    )
    await app.post('doc', { title: 'first' })
    await app.post('doc', { title: 'second' })
    return app
  })

  async function upload(page: Page, field: string, name: string, mimeType: string, buffer: Buffer): Promise<void> {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.click(`[aria-label="Upload ${field}"]`),
    ])
    await chooser.setFiles({ name, mimeType, buffer })
  }

  test('a picture is uploaded, shown, and downloaded as it was', async () => {
    const page = await studio.open('data/doc?row=1')
    await upload(page, 'photo', 'Türgriff 门.png', 'image/png', PNG)
    const picture = page.getByRole('img', { name: 'Türgriff 门.png' })
    await picture.waitFor()
    await expect.poll(() => picture.evaluate(one => (one as HTMLImageElement).naturalWidth)).toBe(1)
    await page.waitForSelector('.file-field >> text=Türgriff 门.png · image/png')
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[aria-label=Download]')])
    expect(download.suggestedFilename()).toBe('Türgriff 门.png')
    expect((await readFile(await download.path())).equals(PNG)).toBe(true)
    // The table under the panel says what there is.
    await page.waitForSelector('[data-id="1"] [data-field=photo] >> text=Türgriff 门.png')
    // The same file is chosen again when it has changed.
    const longer = Buffer.concat([PNG, Buffer.alloc(100)])
    await upload(page, 'photo', 'Türgriff 门.png', 'image/png', longer)
    await page.waitForSelector(`.file-field >> text=${longer.length} bytes`)
    await page.close()
  })

  test('a file is removed, unless somebody has put another in its place', async () => {
    const { id } = (await studio.app.post('doc', { title: 'third' })) as { id: number }
    const at = `${studio.served.url}/doc/${id}/photo`
    const put = (body: Buffer): Promise<Response> =>
      fetch(at, { method: 'PUT', headers: { 'content-type': 'image/png' }, body: new Uint8Array(body) })
    await put(PNG)
    const page = await studio.open(`data/doc?row=${id}`)
    const remove = async (): Promise<void> => {
      await page.click('[aria-label="Remove photo"]')
      await page.click('text=Really remove')
    }
    await page.getByRole('textbox', { name: 'title' }).fill('typed')
    const longer = Buffer.concat([PNG, Buffer.alloc(100)])
    await page.waitForSelector('.file-field img')
    await put(longer)
    await remove()
    await page.waitForSelector('.toast.bad')
    expect((await fetch(at)).status).toBe(200)
    await page.waitForSelector(`.file-field >> text=${longer.length} bytes`)
    await remove()
    await page.waitForSelector('.toast >> text=File removed')
    expect((await fetch(at)).status).toBe(404)
    await page.waitForSelector('.file-field img', { state: 'detached' })
    await expect.poll(() => page.getByRole('textbox', { name: 'title' }).inputValue()).toBe('typed')
    await page.close()
  })

  test('what the server does not accept is refused with its words, and what there was stays', async () => {
    const page = await studio.open('data/doc?row=1')
    const before = await studio.app.get('doc', 1)
    await upload(page, 'photo', 'large.png', 'image/png', Buffer.concat([PNG, Buffer.alloc(1_000)]))
    await page.waitForSelector('.toast.bad >> text=1000 bytes')
    await upload(page, 'photo', 'text.txt', 'text/plain', Buffer.from('no picture'))
    await page.waitForSelector('.toast.bad >> text=text/plain')
    await expect.poll(() => studio.app.get('doc', 1)).toEqual(before)
    await page.close()
  })

  test('no name and no content does anything but be shown', async () => {
    const page = await studio.open('data/doc?row=2', 0, { viewport: { width: 390, height: 800 } })
    const asked: string[] = []
    page.on('request', request => asked.push(new URL(request.url()).pathname))
    const markup = `"><img src=x onerror="${script}">`
    for (const [name, type, text] of [
      [`${markup}.svg`, 'image/svg+xml', SVG],
      [`\u202e${markup}gpj.html`, 'text/html', `<script>${script}</script>${SVG}`],
      [
        `${'long '.repeat(45)}.xml`,
        'application/xhtml+xml',
        `<html xmlns="http://www.w3.org/1999/xhtml">${SVG}</html>`,
      ],
      ['..%2f..%2fpasswd', 'application/json', `{"html":"<script>${script}</script>"}`],
      // It says that it is a picture, and is none.
      ['no-picture.png', 'image/png', SVG],
    ] as const) {
      await upload(page, 'any', name, type, Buffer.from(text))
      await page.waitForSelector(`.toast >> text=uploaded`)
      await expect.poll(async () => (await studio.app.get('doc', 2))['any']).toMatchObject({ type, size: text.length })
      await page.waitForSelector(`.file-field >> text=${type} · `)
      if (type !== 'image/png') await page.waitForSelector(`.file-field pre >> text=${script}`)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(390)
      // Opened on its own, it is not a page of the server either.
      const own = await studio.browser.newPage()
      await own.goto(`${studio.served.url}/doc/2/any`).catch(() => {})
      expect(await own.evaluate(() => 'pwned' in globalThis), name).toBe(false)
      await own.close()
    }
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false)
    expect(asked.filter(path => path === '/pwned' || path === '/x')).toEqual([])
    await page.close()
  })
})

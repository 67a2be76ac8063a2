// Rows come out of the studio as CSV and JSON, and go into it again as they were.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { hasBrowser } from '../describe/browser.ts'
import { openedStudio } from './open-studio.ts'

const fields = {
  id: t.id(),
  title: t.text({ min: 1, max: 200 }),
  body: t.text().nullable(),
  count: t.integer().nullable(),
  done: t.bool().default(false),
}

const hostile = [
  'plain',
  'a "quoted" word, and a comma',
  'two\r\nlines\nand a third',
  'Grüße, 你好, עברית, 👩‍👩‍👧',
  '=HYPERLINK("http://example.com","click")',
  '+1', // Spreadsheets calculate all of these.
  '-1',
  '@SUM(A1)',
  '\tindented',
  "'=2",
  "'",
  '"',
  '  space around  ',
  '\uFEFF',
]

describe.runIf(hasBrowser)('import and export', () => {
  const studio = openedStudio(async () => {
    const app = api(
      {
        note: resource(fields).public(),
        copy: resource(fields).public(),
        attempt: resource({ ...fields, author: t.one('note').nullable() }).public(),
      },
      { studio: true, report: () => {}, http: { log: () => {}, overload: false } },
    )
    await app.post(
      'note',
      hostile.map((title, i) => ({ title, body: i % 2 ? title : null, count: i - 2, done: i % 3 === 0 })),
    )
    await app.post(
      'note',
      Array.from({ length: 240 }, (_, i) => ({ title: `many ${i}`, count: 1_000 })),
    )
    return app
  })

  async function exported(page: Page, format: 'CSV' | 'JSON'): Promise<string> {
    await page.click('[aria-label="Import and export"]')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `Export as ${format}` }).click(),
    ])
    expect(download.suggestedFilename()).toBe(`note.${format.toLowerCase()}`)
    return readFile(await download.path(), 'utf8')
  }

  async function choose(page: Page, name: string, text: string): Promise<void> {
    const menu = page.locator('details.menu:has-text("Export")')
    if ((await menu.getAttribute('open')) === null) await menu.locator('summary').click()
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('text=Import CSV or JSON')])
    await chooser.setFiles({ name, mimeType: '', buffer: Buffer.from(text) })
  }

  const startImport = (page: Page): Promise<void> => page.click('dialog footer button')

  const all = async (name: string): Promise<{ readonly id: number }[]> =>
    (await studio.app.list(name, { limit: 1_000 })) as { readonly id: number }[]

  test.each(['CSV', 'JSON'] as const)('%s goes into another table as it came out of the first', async format => {
    const page = await studio.open('data/note?filter=[["count","lt","1000"]]')
    const text = await exported(page, format)
    if (format === 'CSV') {
      // What a spreadsheet would calculate is marked as text for it.
      expect(text).toContain(`"'=HYPERLINK(""http://example.com"",""click"")"`)
      expect(text).toMatch(/\r\n6,'\+1,'\+1,3,false\r\n7,'-1,,4,true\r\n/)
    }
    for (const { id } of await all('copy')) await studio.app.delete('copy', id)
    await page.goto(`${studio.served.url}/studio#/data/copy`)
    await page.waitForSelector('text=No rows yet')
    await choose(page, `any.${format.toLowerCase()}`, text)
    await page.waitForSelector(`dialog >> text=Import ${hostile.length} rows into copy`)
    await startImport(page)
    await page.waitForSelector(`text=${hostile.length} rows imported`)
    const bare = (rows: readonly object[]): object[] => rows.map(row => ({ ...row, id: 0 }))
    expect(bare(await all('copy'))).toEqual(bare((await all('note')).slice(0, hostile.length)))
    await page.close()
  })

  test('an export has the rows of the filter in the order of the table, and no others', async () => {
    const page = await studio.open('data/note?filter=[["count","eq","1000"]]&sort=-title')
    const titles = (JSON.parse(await exported(page, 'JSON')) as { title: string }[]).map(({ title }) => title)
    const made = Array.from({ length: 240 }, (_, i) => `many ${i}`)
    expect(titles).toEqual(made.toSorted().toReversed())
    await page.close()
  })

  test('a faulty file is refused with the place of the fault, and nothing of it is imported', async () => {
    const page = await studio.open('data/attempt')
    for (const [name, text, message] of [
      ['picture.csv', '\u0089PNG\r\n\u001a\n', 'a column \u0089PNG'],
      ['other.csv', 'title,colour\nx,red\n', 'The file has a column colour, and attempt has no such field'],
      ['empty.csv', 'title,count\n', 'The file has no rows'],
      ['nothing.csv', '', 'The file has no rows'],
      ['empty.json', '[]', 'The file has no rows'],
      ['broken.json', '[{"title":', 'The file is not JSON'],
      ['numbers.json', '[{"title":"a"}, 7]', 'Row 2: must be an object'],
      ['letters.csv', 'title,count\na,1\nb,two\n', 'Row 2, count: must be a number'],
      ['relation.csv', 'title,author\na,somebody\n', 'Row 1, author: must be a number'],
      ['yes.csv', 'title,done\na,true\nb,yes\n', 'Row 2, done: must be true or false'],
      ['wide.csv', 'title,count\na,1\nb,2,3\n', 'Row 2: has 3 cells, and there are 2 columns'],
      ['open.csv', 'title,count\n"a,1\nb,2\n', 'Row 1: a quoted cell does not end'],
    ] as const) {
      await choose(page, name, text)
      await page.waitForSelector(`.toast.bad >> text=${message}`).catch(() => expect.fail(`${name}: ${message}`))
      expect(await page.locator('dialog').count(), name).toBe(0)
    }
    // Only the server knows these faults.
    for (const [name, text, message] of [
      ['long.csv', `title\nfine\n${'x'.repeat(201)}\n`, 'Row 2, title: '],
      ['missing.json', '[{"title":"fine"},{"count":1}]', 'Row 2, title: '],
      ['unknown.json', '[{"title":"fine"},{"title":"a","colour":1}]', 'Row 2, colour: '],
    ] as const) {
      await choose(page, name, text)
      await startImport(page)
      await page
        .waitForSelector(`dialog [role=alert] >> text=${message}`)
        .catch(() => expect.fail(`${name}: ${message}`))
      await page.click('dialog [aria-label=Close]')
    }
    expect(await all('attempt')).toEqual([])
    await page.close()
  })

  test('says how much of a long file is imported when a later row is faulty', async () => {
    const page = await studio.open('data/attempt')
    const lines = (faulty: string): string =>
      ['title', ...Array.from({ length: 230 }, (_, i) => (i === 149 ? faulty : `line ${i + 1}`))].join('\n')
    await choose(page, 'lines.csv', lines('x'.repeat(201)))
    await startImport(page)
    await page.waitForSelector('dialog [role=alert] >> text=Row 150, title: ')
    await page.waitForSelector('dialog [role=alert] >> text=The first 100 rows are imported')
    expect(await all('attempt')).toHaveLength(100)
    await page.close()
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { referencePages } from '../scripts/reference.ts'
import { api, resource, t, type HttpOptions } from '../src/index.ts'
import { codes } from '../src/protocol/codes.ts'

test('§6.4 of the protocol lists exactly the codes that there are', () => {
  const text = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \| (.+?) +\|$|^\| `(\w+)` +\| +(\d{3}) \| (.+?) +\|$/gm)]
  const listed = Object.fromEntries(
    rows.map(m => [m[1] ?? m[4], { status: Number(m[2] ?? m[5]), title: m[3] ?? m[6] }]),
  )
  expect(listed).toEqual(codes)
})

test('the documents have the codes, the limits and the help (npm run reference writes them)', () => {
  const pages = referencePages()
  const kept = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  expect(kept('docs/reference/errors.md')).toBe(pages['docs/reference/errors.md'])
  expect(kept('docs/guide/cli.md')).toBe(pages['docs/guide/cli.md'])
  // The words about a limit are those of a comment, which may be changed alone.
  const rows = (text: string): string[] => text.match(/^\| `\w+` \| [\d,]+ \|/gm) ?? []
  expect(rows(kept('docs/reference/limits.md'))).toEqual(rows(pages['docs/reference/limits.md']!))
  expect(rows(pages['docs/reference/limits.md']!).length).toBeGreaterThan(30)
})

describe('the type of a problem', () => {
  const open = (http: HttpOptions) => {
    const app = api({ todo: resource({ id: t.id() }).public() }, { http })
    onTestFinished(() => app.close())
    return (path: string, accept = '*/*') => app.fetch(new Request(`http://host${path}`, { headers: { accept } }))
  }

  test.each(['', '/api'])('below "%s" it leads to an explanation', async prefix => {
    const ask = open({ prefix })
    const problem = (await (await ask(`${prefix}/todo?x=1`)).json()) as { type: string; error: string }
    const explained = await ask(problem.type)
    expect([explained.status, explained.headers.get('vary')]).toEqual([200, expect.stringContaining('Accept')])
    expect(await explained.json()).toMatchObject({
      type: '/problems/unknown_param',
      error: 'unknown_param',
      status: 400,
      cause: expect.stringContaining('parameter'),
      remedy: expect.stringContaining('Correct'),
    })
    expect((await ask(`${prefix}${problem.type}`)).status).toBe(200)
    expect((await ask('/problems/nonsense')).status).toBe(404)
  })

  test('browsers get a page, and a list that leads to each code', async () => {
    const ask = open({ prefix: '/api' })
    const page = await ask('/problems', 'text/html,application/xhtml+xml')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const links = [...(await page.text()).matchAll(/href="(\/api\/[^"]*)"/g)].map(([, path]) => path!)
    expect(links).toEqual(Object.keys(codes).map(code => `/api/problems/${code}`))
    for (const path of links) expect((await ask(path, 'text/html')).status).toBe(200)
  })
})

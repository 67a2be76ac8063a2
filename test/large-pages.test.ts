// Pages of what the log tells end early where its rows are large.
import { expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, t } from '../src/index.ts'

const LARGE = 200_000
const TIMES = 12

test.each(['/note/1/history', '/changes'])('pages of %s are bounded in bytes, and lead to all there is', async path => {
  const note = resource({ id: t.id(), data: t.json().nullable() }).public()
  const app = api({ note }, { store: memory(), report: () => {}, http: { log: () => {}, changes: () => true } })
  onTestFinished(() => app.close())
  await app.post('note', {})
  for (let i = 0; i < TIMES; i++) await app.patch('note', 1, { data: `${i}`.padEnd(LARGE, 'x') })
  const sizes: number[] = []
  const positions: string[] = []
  for (let next: string | null = `${path}?limit=100`; next !== null;) {
    const answer: Response = await app.fetch(new Request(`http://localhost${next}`))
    expect(answer.status).toBe(200)
    const text = await answer.text()
    sizes.push(text.length)
    const records = JSON.parse(text) as { position: string }[]
    positions.push(...records.map(one => one.position))
    const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
    next = records.length === 0 ? null : link
  }
  expect(new Set(positions).size).toBe(1 + TIMES)
  expect(positions).toHaveLength(1 + TIMES)
  // A page ends with the record that fills it.
  expect(Math.max(...sizes)).toBeLessThan(app.engine.limits.pageBytes + 3 * LARGE)
  expect(sizes.length).toBeGreaterThan(3)
})

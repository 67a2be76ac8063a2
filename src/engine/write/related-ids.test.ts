import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'

const models = {
  team: resource({
    id: t.id(),
    players: t.back('player', 'team', { ids: false }),
    fans: t.many('player', { ids: false }),
    isFull: t.calc({ of: t.bool(), uses: ['players'], get: row => (row['players'] as unknown[]).length > 1 }),
    loud: t.calc({ of: t.bool(), uses: ['fans'], get: row => (row['fans'] as unknown[]).length > 0 }),
  }),
  player: resource({ id: t.id(), team: t.one('team', { inverse: 'players' }).nullable() }),
}

test.each([
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
])(
  'over %s a row that is calculated from lists that it does not show has another version as they change',
  async (_, store) => {
    const app = api(models, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('team', {})
    await app.post('player', [{ team: 1 }, {}])
    const seen = new Set<string | null>()
    const look = async (): Promise<unknown> => {
      const { body, etag } = await app.safe.get('team', 1)
      seen.add(etag)
      return body
    }
    expect(await look()).toEqual({ id: 1, isFull: false, loud: false })
    await app.patch('player', 2, { team: 1 })
    expect(await look()).toEqual({ id: 1, isFull: true, loud: false })
    await app.patch('team', 1, { fans: [2] })
    expect(await look()).toEqual({ id: 1, isFull: true, loud: true })
    expect(seen.size).toBe(3)
  },
)

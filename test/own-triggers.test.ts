// Triggers that somebody adds to the file of an application: answers, tags and subscribers follow what is stored.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { api, resource, sqlite, t } from '../src/index.ts'

const note = resource({ id: t.id(), text: t.text(), size: t.integer().default(0) }).public()
const total = resource({ id: t.id(), notes: t.integer() }).public()

async function open(triggers: string) {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-triggers-'))
  const file = join(directory, 'app.db')
  const make = () => api({ note, total }, { store: sqlite(file), report: () => {} })
  const first = make()
  await first.post('total', { notes: 0 })
  await first.post('note', { text: 'first' })
  await first.close()
  const db = new DatabaseSync(file)
  db.exec(triggers)
  db.close()
  const app = make()
  onTestFinished(async () => {
    await app.close()
    rmSync(directory, { recursive: true })
  })
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await app.fetch(
      new Request(`http://x${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    const text = await answer.text()
    return { status: answer.status, etag: answer.headers.get('etag'), body: text === '' ? null : JSON.parse(text) }
  }
  return { app, send }
}

const sized = `CREATE TRIGGER sized AFTER INSERT ON note BEGIN UPDATE note SET size = length(new.text) WHERE id = new.id; END;
  CREATE TRIGGER resized AFTER UPDATE OF text ON note BEGIN UPDATE note SET size = length(new.text) WHERE id = new.id; END;`

test('what a trigger makes of a row is answered and told', async () => {
  const { app, send } = await open(sized)
  const notes = app.live('note')
  await notes.next()
  const made = await send('POST', '/note', { text: 'four' })
  expect(made).toMatchObject({ status: 201, body: { text: 'four', size: 4 } })
  expect(await send('GET', '/note/2')).toMatchObject({ etag: made.etag, body: made.body })
  const changed = await send('PATCH', '/note/2', { text: 'seven77' })
  expect(changed.body).toMatchObject({ size: 7 })
  let told: readonly unknown[] = []
  while (told.length < 2 || (told[1] as { size: number }).size !== 7) told = (await notes.next()).value!.rows
  expect(told[1]).toEqual(changed.body)
  await notes.return()
})

test('a write that a trigger ignores is refused, and nothing of its unit is kept', async () => {
  const { send } = await open(
    `CREATE TRIGGER kept BEFORE UPDATE ON note WHEN new.text = 'no' BEGIN SELECT RAISE(IGNORE); END;`,
  )
  const before = await send('GET', '/note/1')
  expect(await send('PATCH', '/note/1', { text: 'no' })).toMatchObject({ status: 409, body: { error: 'conflict' } })
  expect(await send('GET', '/note/1')).toEqual(before)
  expect(await send('PATCH', '/note/1', { text: 'yes' })).toMatchObject({ status: 200, body: { text: 'yes' } })
})

test('rows of other tables that a trigger changes are read anew by everybody', async () => {
  const { app, send } = await open(
    `CREATE TRIGGER counted AFTER INSERT ON note BEGIN UPDATE total SET notes = notes + 1; END;`,
  )
  const totals = app.live('total')
  expect((await totals.next()).value!.rows).toMatchObject([{ notes: 0 }])
  const before = await send('GET', '/total/1')
  await send('POST', '/note', { text: 'a' })
  expect((await totals.next()).value!.rows).toMatchObject([{ notes: 1 }])
  await totals.return()
  const after = await send('GET', '/total/1')
  expect(after.body.notes).toBe(1)
  expect(after.etag).not.toBe(before.etag)
})

test('tables without triggers pay nothing', async () => {
  const { send } = await open(sized)
  const sessions = vi.spyOn(DatabaseSync.prototype, 'createSession')
  onTestFinished(() => sessions.mockRestore())
  await send('PATCH', '/total/1', { notes: 3 })
  expect(sessions).not.toHaveBeenCalled()
})

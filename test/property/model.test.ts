import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { api, type Api } from '../../src/api.ts'
import type { Answer } from '../../src/engine/call/app-call.ts'
import type { Id } from '../../src/model/model.ts'
import { memory } from '../../src/store/memory.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import { commands, idAt, Ref, resolved, type Command } from './command.ts'
import { checkState, Fold, plain } from './fold.ts'
import { town } from './town.ts'

const open = (store: Store): Api => api(town, { store, clock: () => 1_700_000_000_000, report: () => undefined })
const { model } = open(memory())
/** Rows of a resource above which programs delete instead of making more (nested bodies may exceed it a little). */
const crowd = 12

/** The call for a command, with the rows that exist. */
function call(target: Api, command: Command, ids: Map<string, Id[]>): Promise<Answer> {
  const { resource: name, depth } = command
  const there = ids.get(name)!
  const id = idAt(command.at, there)
  const body = resolved(target.model.resources.get(name)!, command.body, other => ids.get(other)!)
  if (command.op === 'post' && there.length > crowd)
    return target.safe.delete(name, there[command.at.place % there.length])
  switch (command.op) {
    case 'post':
      return target.safe.post(name, body)
    case 'put':
      return target.safe.put(name, id, body)
    case 'patch':
      return target.safe.patch(name, id, body)
    case 'delete':
      return target.safe.delete(name, id)
    case 'get':
      return target.safe.get(name, id, { depth })
    case 'list':
      return target.safe.list(name, { depth, limit: command.at.place })
  }
}

/** An answer without the name of the history and without texts for people, which may differ. */
function comparable({ status, body: shown, etag, position }: Answer): unknown {
  const words = (key: string, value: unknown): unknown => (key === 'detail' || key === 'message' ? undefined : value)
  const body: unknown = status < 400 ? shown : JSON.parse(JSON.stringify(shown, words))
  const seq = (text: string | null): string | null => text && text.replace(/^[^.]*/, '')
  return { status, body, etag: seq(etag), position: seq(position) }
}

/** Every program begins with two rows of each resource. */
const settlers: readonly Command[] = ['male', 'female', 'child', 'club', 'jar', 'node', 'cookie'].flatMap(resource => {
  const body = resource === 'cookie' ? { jar: new Ref(0) } : {}
  const post: Command = { op: 'post', resource, at: new Ref(0), body, depth: 1 }
  return [post, post]
})

async function runProgram(program: readonly Command[]): Promise<void> {
  const pair = [open(memory()), open(sqlite(':memory:'))] as const
  const fold = new Fold()
  const ids = new Map([...model.resources.keys()].map(name => [name, [] as Id[]]))
  try {
    for (const [step, command] of [...settlers, ...program].entries()) {
      const [first, second] = [await call(pair[0], command, ids), await call(pair[1], command, ids)]
      expect(comparable(second)).toEqual(comparable(first))
      expect(first.status).toBeLessThan(500)
      const [log, other] = [
        await pair[0].store.commits(fold.position, 1000),
        await pair[1].store.commits(fold.position, 1000),
      ]
      expect(other!.map(plain)).toEqual(log!.map(plain))
      for (const commit of log!) fold.take(commit)
      if (first.status >= 400 || command.op === 'get' || command.op === 'list') expect(log).toEqual([])
      for (const [name, rows] of fold.rows)
        ids.set(
          name,
          [...rows.keys()].toSorted((a, b) => Number(a) - Number(b)),
        )
      if (step % 20 === 19) await check()
    }
    await check()
  } finally {
    for (const one of pair) await one.close()
  }
  async function check(): Promise<void> {
    for (const one of pair) await checkState(one.model, one.store, fold)
  }
}

test('10,000 random calls: both stores answer and log the same, rows are the fold of the log, relations agree', async () => {
  let count = 0
  const programs = fc.array(commands(model), { minLength: 1, maxLength: 250, size: 'max' })
  await fc.assert(
    fc.asyncProperty(programs, async program => {
      count += program.length
      await runProgram(program)
    }),
    { numRuns: 110, seed: Number(process.env['SEED'] ?? 20_261_122) },
  )
  expect(count).toBeGreaterThanOrEqual(10_000)
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { link } from '../../model/link/link.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import type { Change } from '../../store/store.ts'
import { Expiry } from './expiry.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('removing or taking over rows of a connection costs as much as the connection has rows', () => {
  const declared = resource.ephemeral({ id: t.id() }, { ttl: 1_000, presence: true }).public()
  const here = link({ here: declared }).resources.get('here')!
  const expiry = new Expiry({ clock: () => 0, onFault: () => {} })
  onTestFinished(() => expiry.close())
  const [one, other] = [new AbortController().signal, new AbortController().signal]
  const told = (id: number, after: Change['after']): void =>
    expiry.heard([
      { resource: here, id, op: after ? 'create' : 'delete', seq: id, before: null, after, changed: [], lists: [] },
    ])
  const comeAndGo = (from: number, to: number): void => {
    for (let id = from; id < to; id++) {
      told(id, [])
      void expiry.hold(here, id, one)
      void expiry.hold(here, id, other)
      told(id, null)
    }
  }
  comeAndGo(0, 1_000)
  const before = heapUsed()
  comeAndGo(1_000, 200_000)
  expect(heapUsed() - before).toBeLessThan(1_000_000)
})

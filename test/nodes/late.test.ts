// What a node does that was taken for dead meanwhile, or whose clock is wrong.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { job } from '../../src/model/declare/job.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { runsWith } from '../system-programs.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

describe.each(databases)('a node that hangs, on %s', (_, make) => {
  test('does not write the result of a job that another one has taken over', async () => {
    const clock = { now: Date.now() }
    const gates: PromiseWithResolvers<string>[] = []
    const declare = (): Resources => ({
      work: resource({ id: t.id() })
        .actions({
          long: job(
            () => {
              gates.push(Promise.withResolvers())
              return gates.at(-1)!.promise
            },
            { retries: 3 },
          ),
        })
        .public(),
    })
    const makeStore = await make()
    const options = { clock: () => clock.now }
    const [one] = await nodesOf(1, makeStore, declare, options)
    const { id, result } = await one!.run('work', 'long')
    await expect.poll(() => gates.length).toBe(1)
    // Its lease is over, and it has not noticed: that is what a process sees that was stopped and goes on.
    clock.now += 60_000
    const [other] = await nodesOf(1, makeStore, declare, options)
    await expect.poll(() => gates.length).toBe(2)
    gates[0]!.resolve('of the first')
    await new Promise(resolve => void setImmediate(resolve))
    gates[1]!.resolve('of the second')
    const row = async (): Promise<unknown> => (await ask(other!, 'GET', `/jobs/${id}`)).body
    await expect.poll(row).toMatchObject({ status: 'succeeded', result: 'of the second' })
    await result.catch(() => undefined)
    expect(await row()).toMatchObject({ status: 'succeeded', result: 'of the second' })
  })
})

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a node whose clock is five hours ahead', () => {
  test('agrees with others about times', async () => {
    const url = await startPostgres(inject('postgresFolder'))
    const schema = newSchema()
    const declare = (): Resources => ({
      note: resource({ id: t.id(), text: t.text(), made: t.now() }).public(),
    })
    const [here] = await nodesOf(1, () => postgres(url, { schema, poll: 100 }), declare)
    const script = `
      const own = Date.now
      Date.now = () => own() + 5 * 3_600_000
      const { api, resource, serve, t } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)})
      const { postgres } = await import(${JSON.stringify(new URL('../../src/store/postgres/index.ts', import.meta.url).href)})
      const note = resource({ id: t.id(), text: t.text(), made: t.now() }).public()
      const app = api({ note }, { store: postgres(${JSON.stringify(url)}, { schema: '${schema}' }), report: () => {} })
      console.log((await serve(app, { port: 0, report: () => {} })).url)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [address] = (await once(createInterface(child.stdout), 'line')) as [string]
    const post = async (): Promise<{ id: number; made: string }> => {
      const answer = await fetch(`${address}/note`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
        body: '{"text":"a"}',
      })
      expect(answer.status).toBe(201)
      return (await answer.json()) as { id: number; made: string }
    }
    const made = await post()
    expect(Math.abs(Date.parse(made.made) - Date.now())).toBeLessThan(600_000)
    // What it keeps is neither over here nor there.
    expect(await post()).toEqual(made)
    const again = await ask(here!, 'POST', '/note', { 'idempotency-key': 'k', body: { text: 'a' } })
    expect([again.status, again.body]).toEqual([201, made])
  })
})

// A start that is refused because somebody has to decide what becomes of rows: the program says so once, in words.
import { spawn } from 'node:child_process'
import { appendFileSync, copyFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

/** Runs a program to its end. Returns its exit status and what it printed. */
async function run(...args: string[]): Promise<{ status: number | null; printed: string }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await ended, printed: out + err }
}

const FIRST_CALLS: readonly (readonly [string, string])[] = [
  ['ready', 'await app.ready()'],
  ['operations', `await Promise.all([app.list('todo'), app.post('todo', { title: 'b' })])`],
  ['a request', `await app.fetch(new Request('http://localhost/todo'))`],
  ['a subscription', `for await (const step of app.live('todo')) console.log(step)`],
  ['serve', `await (await import('SERVE')).serve(app, { port: 0 })`],
]

describe.each(migratedDatabases)('%s', database => {
  const { declares, opened } = migratedApp(database)

  test('is told once and without a stack, whatever the program does first', async () => {
    await opened(declares('todo: resource({ id: t.id(), title: t.text() })'), app => app.post('todo', { title: 'a' }))
    const after = declares('todo: resource({ id: t.id(), title: t.text(), rank: t.integer() })')
    const serving = new URL('../src/serve.ts', import.meta.url).href
    const runs = FIRST_CALLS.map(async ([name, code]) => {
      const program = after.replace(/\.ts$/, `-${name.replaceAll(' ', '-')}.ts`)
      copyFileSync(after, program)
      appendFileSync(program, `\n${code.replace('SERVE', serving)}\n`)
      const { status, printed } = await run(program)
      return [name, status, printed.trimEnd().replaceAll(program.split('/').at(-1)!, 'app.ts')]
    })
    const words = [
      'The database cannot follow the model until this is decided:',
      '  todo.rank is new and required, and 1 row is there without it: give it a default, make it nullable, or say --set todo.rank=VALUE',
      'The whole plan:',
      '  todo.rank: added',
      'Nothing was changed. Write the plan to a file with what you decide, look at it, and apply it:',
      '  restuary migrate plan app.ts',
      '  restuary migrate apply app.ts',
    ].join('\n')
    expect(await Promise.all(runs)).toEqual(FIRST_CALLS.map(([name]) => [name, 1, words]))
  }, 120_000)
})

// Runs the commands of docs/guide/schema-changes.md, and compares what they print with the page.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/guide/schema-changes.md'), 'utf8')
const blocks = [...page.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map(([, kind, text]) => [kind!, text!] as const)

/** The commands of the page, each with the lines that it prints. */
const commands = blocks
  .filter(([kind]) => kind === 'sh')
  .flatMap(([, text]) => text.trimEnd().split(/\n(?!#)/))
  .map(text => {
    const [command, ...printed] = text.split('\n')
    return { command: command!, printed: printed.map(line => line.slice(2)) }
  })

test('the commands print what the page says', () => {
  expect(commands.length).toBeGreaterThan(5)
  const directory = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const library = pathToFileURL(join(root, 'src/index.ts')).href
  const declare = (kind: string): void => {
    const text = blocks.find(block => block[0] === kind)![1]
    writeFileSync(join(directory, 'app.ts'), text.replace(`'restuary'`, `'${library}'`))
  }
  const run = (command: string): string => {
    const [program, ...words] = command.split(' ')
    const script = program === 'restuary' ? [join(root, 'src/cli/main.ts')] : []
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...script, ...words],
      { cwd: directory, encoding: 'utf8', env: { ...process.env, NODE_ENV: '' } },
    )
    return stdout + stderr
  }
  declare('ts before')
  run('node app.ts')
  declare('ts after')
  for (const { command, printed } of commands) {
    const out = run(command).trimEnd().split('\n')
    let at = 0
    for (const line of printed) {
      if (line.trim() === '…') continue
      const said = new RegExp(line.split('…').map(RegExp.escape).join('.*'))
      const found = out.findIndex((one, i) => i >= at && said.test(one))
      expect(found, `${command}\n${line}\nis not in\n${out.slice(at).join('\n')}`).not.toBe(-1)
      at = found + 1
    }
  }
  const db = new DatabaseSync(join(directory, 'todo.db'))
  expect(db.prepare('SELECT title, state, size FROM todo').all()).toEqual([
    { title: 'Read', state: 'open', size: '3' },
    { title: 'Write', state: 'done', size: 'big' },
  ])
  db.close()
})

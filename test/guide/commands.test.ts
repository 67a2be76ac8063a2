// Runs the commands of the README and the guide against the servers that its pages declare, and compares the answers with the pages.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { areInPath, runsWith } from '../system-programs.ts'
import { pagesIn, readPage, root } from './pages.ts'

const run = promisify(execFile)

/** A page with a server. */
interface Served {
  readonly name: string
  readonly server: string
  /** Lines of all commands, in their order. */
  readonly lines: readonly string[]
  /** Programs of the client, in their order. */
  readonly programs: readonly string[]
}

/** The pages with a server. */
const pages: readonly Served[] = [readPage('README.md'), ...pagesIn('docs/guide')].flatMap(({ path, blocks }) => {
  const of = (language: string): string[] =>
    blocks.filter(block => block.language === language).map(block => block.text)
  const [server] = of('ts server')
  return server === undefined
    ? []
    : [{ name: basename(path), server, lines: of('sh').join('\n').split('\n'), programs: of('ts client') }]
})

/** A comment that speaks of the answer: a status with header fields, or a part of the body. */
const isExpectation = (line: string): boolean => /^# (?:[1-5]\d\d\b|[[{])/.test(line)

/** Each curl notes its answer; each expectation notes of which answer it speaks. */
const prelude = `
set -u
: > answers
curl() {
  local kept=() n
  for word in "$@"; do [ "$word" = -i ] || kept+=("$word"); done
  echo >> answers
  n=$(wc -l < answers)
  command curl -sS -D "answer-$n.head" "\${kept[@]}" | tee "answer-$n.body"
}
expects() { cp answers "expects-$1"; }
`

function scriptOf({ lines }: Served, host: string): string {
  let n = 0
  return (
    prelude +
    lines.map(line => (isExpectation(line) ? `expects ${n++}` : line.replaceAll('localhost:3000', host))).join('\n')
  )
}

/** What the pages take from the environment. */
const environment = {
  ...process.env,
  NODE_ENV: '',
  SECRET: 'q2Vw8Zk0n5Yt7Rb3Xc6Lm1Pd4Hs9Gf0J',
  ADMIN_PASSWORD: 'a long pass phrase',
}

/** Starts the server of a page in its own directory. Resolves with its host and port. */
async function start({ server }: Served, directory: string): Promise<string> {
  const main = join(directory, 'server.ts')
  const library = pathToFileURL(join(root, 'src/index.ts')).href
  writeFileSync(main, server.replaceAll("'restuary'", `'${library}'`).replace('port: 3000', 'port: 0'))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    cwd: directory,
    env: environment,
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  })
  let told = ''
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (told += chunk))
  for (;;) {
    const host = /Restuary serves http:\/\/([^\s/]+)/.exec(told)?.[1]
    if (host !== undefined) return host
    const over = await Promise.race([ended.then(() => true), once(child.stderr, 'data').then(() => false)])
    if (over) throw new Error(told)
  }
}

function check(line: string, directory: string, n: number): void {
  const answer = readFileSync(join(directory, `expects-${n}`), 'utf8').length
  const told = readFileSync(join(directory, `answer-${answer}.head`), 'latin1')
  const head = told.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
  const body = readFileSync(join(directory, `answer-${answer}.body`), 'utf8')
  const said = line.slice(2)
  if (!/^\d/.test(said)) {
    const part = JSON.parse(said) as object
    const whole = JSON.parse(body) as unknown
    expect(whole, line).toEqual(partOf(part))
    return
  }
  const [status, ...fields] = said.split(/; (?=[a-z-]+: )/)
  expect(head.split(' ')[1], `${line}\n${head}${body}`).toBe(status)
  for (const field of fields) {
    const [name, ...rest] = field.split(': ')
    const values = [...head.matchAll(new RegExp(`^${name}: (.*?)\\r?$`, 'gim'))].map(found => found[1])
    expect(values.join(', '), field).toContain(rest.join(': '))
  }
}

/** Objects must have the expected members, arrays exactly the expected elements. */
function partOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(partOf)
  if (typeof value !== 'object' || value === null) return value
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, partOf(one)])))
}

describe.skipIf(!runsWith('curl or bash', areInPath('curl', 'bash'), 'curl and bash'))(
  'the commands of the guide',
  () => {
    test('are found', () => expect(pages.length).toBeGreaterThan(5))

    test.each(pages)('$name', async page => {
      const directory = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
      const host = await start(page, directory)
      writeFileSync(join(directory, 'commands.sh'), scriptOf(page, host))
      await run('bash', ['commands.sh'], { cwd: directory, env: environment })
      const expectations = page.lines.filter(isExpectation)
      expect(expectations.length, 'a page that shows commands says what comes of them').toBeGreaterThan(0)
      expectations.forEach((line, n) => check(line, directory, n))
    })
  },
)

test('the programs of the client do what the guide says', async () => {
  const page = pages.find(one => one.name === 'client.md')!
  const directory = mkdtempSync(join(tmpdir(), 'restuary-guide-'))
  const host = await start(page, directory)
  const client = pathToFileURL(join(root, 'src/client/index.ts')).href
  const text = page.programs.join('\n')
  writeFileSync(
    join(directory, 'page.ts'),
    `import { client } from '${client}'
const api = client<any>('http://${host}')
const show = (...values: unknown[]): void => console.log(...values)
const draw = (rows: unknown): void => void rows
${text}
api.$close()
`,
  )
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', join(directory, 'page.ts')])
  const said = [...text.matchAll(/show\(.*\) \/\/ (.*)$/gm)].flatMap(found => found[1]!.split(', then '))
  expect(said.length).toBeGreaterThan(5)
  expect(stdout.trim().split('\n')).toEqual(said)
})

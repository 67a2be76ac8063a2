import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { nearest } from '../model/link/faults.ts'
import { parsePort } from '../transport/hosts/port.ts'
import { Misuse } from './misuse.ts'
import { refusedFile } from './refused-file.ts'

const HELP = `restuary: an API without code

  restuary serve FILE     serves a SQLite file or a JSON file in json-server's form
      --port NUMBER       default: the environment's PORT, otherwise 3000; 0 = any free one
      --host ADDRESS      default 127.0.0.1, this machine only
      --public            everyone who reaches the port may read and write, on any host
      --read-only         nothing is written, not even by Restuary itself
      --cors ORIGIN       pages of this origin may call, for instance http://localhost:5173; * = all; may be repeated
      --json-server       answers as json-server 0.17 does: _sort, _page, _embed, views_gte, q
      --memory            serves a copy that is thrown away at the end

  restuary import FILE    writes the same as TypeScript, yours to change
      --out FILE          default: standard output

  restuary backup FILE TO copies a file that may be in use to a new one, and checks the copy

  restuary changes FILE   tells every change of a SQLite file as it comes, a line of JSON each
      --since POSITION    begins after it, epoch.seq; default: the newest
      --once              ends with the newest instead of waiting for more

  restuary client SOURCE  writes a client in JavaScript, with its types: of a running API by its URL, of a module that
                          exports an API, of its OpenAPI document, or of what serve would serve
      --out FILE          default: standard output, without the types

  restuary openapi FILE   writes the OpenAPI document of what serve would serve, or of a running API by its URL
  restuary asyncapi FILE  writes its AsyncAPI document
      --out FILE          default: standard output

  restuary help           this text, also as --help
  restuary version        also as --version
`

const COMMANDS = ['serve', 'import', 'client', 'openapi', 'asyncapi', 'backup', 'changes', 'help', 'version']

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  public: { type: 'boolean' },
  'read-only': { type: 'boolean' },
  memory: { type: 'boolean' },
  cors: { type: 'string', multiple: true },
  'json-server': { type: 'boolean' },
  out: { type: 'string' },
  since: { type: 'string' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** The options of each command. All others are refused, so that a typing error is noticed. */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  serve: ['port', 'host', 'public', 'read-only', 'memory', 'cors', 'json-server'],
  import: ['out'],
  backup: [],
  client: ['out'],
  openapi: ['out'],
  asyncapi: ['out'],
  changes: ['since', 'once'],
}

/** Executes a command line. Throws Misuse if it cannot be understood or executed as it was given. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args)
  const [command = 'help', file, ...more] = positionals
  if (values.version === true || command === 'version') return void process.stdout.write(`${version()}\n`)
  if (values.help === true || command === 'help') return void process.stdout.write(HELP)
  if (!COMMANDS.includes(command)) {
    const near = nearest(command, COMMANDS)
    throw new Misuse(
      `There is no command ${command}`,
      near === null ? `there is ${COMMANDS.join(', ')}` : `did you mean ${near}?`,
    )
  }
  const strange = Object.keys(values).find(option => !ACCEPTED[command]!.includes(option))
  if (strange !== undefined) {
    const known = ACCEPTED[command]!.map(option => `--${option}`).join(', ')
    throw new Misuse(`${command} has no option --${strange}`, `it has ${known || 'none'}`)
  }
  if (file === undefined) {
    const [kind, example] = command === 'client' ? ['URL', 'http://localhost:3000'] : ['file', 'shop.sqlite']
    throw new Misuse(`${command} needs a ${kind}`, `restuary ${command} ${example}`)
  }
  try {
    await execute(command, file, more, values)
  } catch (error) {
    throw refusedFile(file, error)
  }
}

async function execute(command: string, file: string, more: readonly string[], values: Values): Promise<void> {
  if (command === 'backup') {
    const [to] = more
    if (to === undefined || more.length > 1)
      throw new Misuse('backup takes two files', 'restuary backup shop.sqlite shop-copy.sqlite')
    return (await import('./backup.ts')).backUpFile(file, to)
  }
  if (more.length > 0)
    throw new Misuse(`${command} takes one file, not ${more.length + 1}`, `put names with spaces in quotes`)
  // Each command loads only what it needs, so that the others start quickly.
  if (command === 'import') (await import('./import.ts')).importFile(file, { out: values.out })
  else if (command === 'client') await (await import('./client.ts')).writeClient(file, { out: values.out })
  else if (command === 'openapi' || command === 'asyncapi') {
    const document = await (await import('./document.ts')).readDocument(file, command)
    ;(await import('./write.ts')).writeOutput(`${JSON.stringify(document, null, 2)}\n`, values.out)
  } else if (command === 'changes') {
    const { printChanges } = await import('./changes.ts')
    await printChanges(file, { since: values.since ?? null, once: values.once ?? false })
  } else {
    const { serveFile } = await import('./serve.ts')
    await serveFile(file, {
      ...(values.port !== undefined && { port: portOf(values.port) }),
      host: values.host ?? '127.0.0.1',
      public: values.public ?? false,
      readOnly: values['read-only'] ?? false,
      memory: values.memory ?? false,
      jsonServer: values['json-server'] ?? false,
      cors: values.cors ?? [],
    })
  }
}

type Parsed = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>
type Values = Parsed['values']

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const text = error instanceof Error ? error.message : ''
    const given = /'(--?[^' ]+)/.exec(text)?.[1] ?? ''
    const near = nearest(given.replace(/^-+/, ''), Object.keys(OPTIONS))
    throw new Misuse(text.split('. ')[0]!, near === null ? 'see restuary help' : `did you mean --${near}?`)
  }
}

function portOf(text: string): number {
  const port = parsePort(text)
  if (port !== null) return port
  throw new Misuse(`${text} is not a port`, 'give a number from 1 to 65535, or 0 for any free one')
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { nearest } from '../model/link/faults.ts'
import { parsePort } from '../transport/hosts/port.ts'
import type { BenchOptions } from './bench/bench.ts'
import { COMMANDS, helpOf, helpOfAll, optionsOf } from './commands.ts'
import type { MigrateCommand } from './migrate/migrate.ts'
import { Misuse } from './misuse.ts'
import { refusedFile } from './refused-file.ts'

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
  rename: { type: 'string', multiple: true },
  drop: { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  map: { type: 'string', multiple: true },
  otherwise: { type: 'string', multiple: true },
  name: { type: 'string' },
  dir: { type: 'string' },
  react: { type: 'boolean' },
  from: { type: 'string' },
  connections: { type: 'string' },
  seconds: { type: 'string' },
  header: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** Executes a command line. Throws Misuse if it cannot be understood or executed as it was given. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args)
  const [command = 'help', file, ...more] = positionals
  if (values.version === true || command === 'version') return void process.stdout.write(`${version()}\n`)
  if (command === 'help' || values.help === true) {
    const about = command === 'help' ? file : command
    return void process.stdout.write(about !== undefined && about in COMMANDS ? helpOf(about) : helpOfAll())
  }
  if (!Object.hasOwn(COMMANDS, command)) {
    const names = [...Object.keys(COMMANDS), 'help', 'version']
    const near = nearest(command, names)
    throw new Misuse(
      `There is no command ${command}`,
      near === null ? `there is ${names.join(', ')}` : `did you mean ${near}?`,
    )
  }
  const accepted = optionsOf(command)
  const strange = Object.keys(values).find(option => !accepted.includes(option))
  if (strange !== undefined) {
    const known = accepted.map(option => `--${option}`).join(', ')
    throw new Misuse(`${command} has no option --${strange}`, `it has ${known || 'none'}`)
  }
  if (command === 'init' || command === 'dev') return begin(command, positionals.slice(1), values)
  if (command === 'migrate') {
    const [module, ...rest] = more
    if (rest.length > 0) throw new Misuse('migrate takes one action and one module', 'restuary migrate plan app.ts')
    return (await import('./migrate/migrate.ts')).migrate(file, module, migrateOptions(values, module ?? ''))
  }
  if (command === 'triggers') return (await import('./database/triggers.ts')).triggers(file, more[0])
  if (file === undefined) {
    const takesUrl = command === 'client' || command === 'bench'
    const [kind, example] = takesUrl ? ['URL', 'http://localhost:3000'] : ['file', 'shop.sqlite']
    throw new Misuse(`${command} needs a ${kind}`, `restuary ${command} ${example}`)
  }
  try {
    await execute(command, file, more, values)
  } catch (error) {
    throw refusedFile(file, error)
  }
}

/** Commands that need no file. */
async function begin(command: 'init' | 'dev', given: readonly string[], values: Values): Promise<void> {
  if (given.length > 1)
    throw new Misuse(`${command} takes one name, not ${given.length}`, 'put names with spaces in quotes')
  if (command === 'init')
    return (await import('./project/init.ts')).initProject(given[0] ?? '.', {
      react: values.react ?? false,
      from: values.from,
      packageFolder: fileURLToPath(new URL('../..', import.meta.url)),
      version: version(),
    })
  const port = values.port === undefined ? null : portOf(values.port)
  return (await import('./project/dev.ts')).develop(given[0], port)
}

async function execute(command: string, file: string, more: readonly string[], values: Values): Promise<void> {
  if (command === 'backup') {
    const [to] = more
    if (to === undefined || more.length > 1)
      throw new Misuse('backup takes two files', 'restuary backup shop.sqlite shop-copy.sqlite')
    return (await import('./database/backup.ts')).backUpFile(file, to)
  }
  if (command === 'copy') {
    const { copyDatabase } = await import('./database/copy.ts')
    return copyDatabase([file, ...more], line => console.error(line))
  }
  if (more.length > 0)
    throw new Misuse(`${command} takes one file, not ${more.length + 1}`, `put names with spaces in quotes`)
  // Each command loads only what it needs, so that the others start quickly.
  if (command === 'import') return (await import('./import.ts')).importFile(file, { out: values.out })
  else if (command === 'seed') await (await import('./seed.ts')).seed(file, values.dir ?? join(dirname(file), 'seeds'))
  else if (command === 'routes') await (await import('./routes.ts')).printRoutes(file)
  else if (command === 'bench') await (await import('./bench/bench.ts')).benchApi(file, benchOptions(values))
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

function migrateOptions(values: Values, module: string): MigrateCommand {
  const { rename = [], drop = [], set = [], map = [], otherwise = [], name = null, dir } = values
  return {
    dir: dir ?? join(dirname(module), 'migrations'),
    name,
    drop: new Set(drop),
    renames: new Map(rename.map(text => cut('rename', text, '='))),
    set: set.map(text => cut('set', text, '=')),
    otherwise: otherwise.map(text => cut('otherwise', text, '=')),
    map: map.map(text => {
      const [place, pair] = cut('map', text, ':')
      return [place, ...cut('map', pair, '=')] as const
    }),
  }
}

function benchOptions({ connections, seconds, header = [], json = false }: Values): BenchOptions {
  return {
    connections: amountOf('connections', connections ?? '10'),
    seconds: amountOf('seconds', seconds ?? '3'),
    headers: header.map(text => cut('header', text, ':')),
    json,
  }
}

function amountOf(option: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new Misuse(`--${option} ${text} is not an amount`, 'give a number from 1 to 9999')
}

/** Cuts an option at a sign. */
function cut(option: string, text: string, sign: string): readonly [string, string] {
  const at = text.indexOf(sign)
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  const example = {
    rename: 'todo.title=name',
    set: 'todo.done=false',
    map: 'todo.state:open=new',
    header: "'authorization: Bearer …'",
  }[option]
  throw new Misuse(`--${option} ${text} has no "${sign}"`, `write --${option} ${example ?? 'todo.state=new'}`)
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

/** What a command is, for the help and for checking command lines. */
export interface Command {
  /** What follows its name: `FILE`. Names in brackets may be left out. */
  readonly takes: string
  readonly does: string
  /** Its options with what they do, in the order of the help: `port NUMBER`. */
  readonly options: Readonly<Record<string, string>>
  readonly examples: readonly string[]
}

const OUT = { 'out FILE': 'default: standard output' }

/** All commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  init: {
    takes: '[FOLDER]',
    does: 'begins a project: a todo list with users and a live page, or an API for a database that you have',
    options: {
      react: 'writes the page in React, built by Vite',
      'from SOURCE': 'declares a database in place of the todo list: a SQLite or a JSON file, or postgres://…',
    },
    examples: [
      'restuary init my-todo',
      'restuary init my-todo --react',
      'restuary init my-shop --from shop.sqlite',
      'restuary init my-shop --from postgres://me@localhost/shop',
    ],
  },
  dev: {
    takes: '[FILE]',
    does: 'runs a server, and starts it again when you save a file. Prints each request, and which rule refused it',
    options: {
      'port NUMBER': "sets PORT, which serve uses if the program names none; default: the environment's, or 3000",
    },
    examples: ['restuary dev', 'restuary dev src/server.ts --port 8080'],
  },
  routes: {
    takes: 'SOURCE',
    does: 'prints the paths of an API and their methods. SOURCE is its URL, its module, or a SQLite or JSON file',
    options: {},
    examples: ['restuary routes app.ts', 'restuary routes http://localhost:3000', 'restuary routes shop.sqlite'],
  },
  serve: {
    takes: 'SOURCE',
    does: "serves a SQLite file, a JSON file in json-server's form, or a PostgreSQL database, without code",
    options: {
      'port NUMBER': "default: the environment's PORT, otherwise 3000; 0 = any free one",
      'host ADDRESS': 'default 127.0.0.1, this machine only',
      public: 'everyone who reaches the port may read and write, on any host',
      'read-only': 'nothing is written; to a file not even by Restuary itself',
      'cors ORIGIN': 'pages of this origin may call, for instance http://localhost:5173; * = all; may be repeated',
      'json-server': 'answers as json-server 0.17 does: _sort, _page, _embed, views_gte, q',
      memory: 'serves a copy that is thrown away at the end',
    },
    examples: [
      'restuary serve shop.sqlite',
      'restuary serve db.json --port 8080 --json-server',
      'restuary serve postgres://me@localhost/shop',
    ],
  },
  import: {
    takes: 'SOURCE',
    does: 'writes a SQLite file, a JSON file or a PostgreSQL database as a declaration in TypeScript, yours to change',
    options: OUT,
    examples: ['restuary import shop.sqlite --out app.ts', 'restuary import postgres://me@localhost/shop --out app.ts'],
  },
  backup: {
    takes: 'FILE TO',
    does: 'copies a SQLite file that may be in use, and checks the copy',
    options: {},
    examples: ['restuary backup shop.db backups/shop-2026-01-02.db'],
  },
  copy: {
    takes: 'FROM TO MODULE',
    does: 'copies all rows from one database to an empty one, SQLite or PostgreSQL, and compares both. If it was interrupted, it goes on',
    options: {},
    examples: [
      'restuary copy sqlite:shop.db postgres://me@localhost/shop app.ts',
      'restuary copy postgres://me@localhost/shop sqlite:shop.db app.ts',
    ],
  },
  triggers: {
    takes: 'ACTION SOURCE',
    does: 'install makes what other programs write to a SQLite file or a PostgreSQL database live as well: triggers capture it for the log. remove takes them away',
    options: {},
    examples: ['restuary triggers install shop.db', 'restuary triggers install postgres://me@localhost/shop'],
  },
  changes: {
    takes: 'FILE',
    does: 'prints every change of a SQLite file as it happens, one line of JSON each',
    options: {
      'since POSITION': 'begins after it, epoch.seq; default: the newest',
      once: 'ends with the newest instead of waiting for more',
    },
    examples: ['restuary changes shop.db', 'restuary changes shop.db --since k3x9q0.17 --once'],
  },
  migrate: {
    takes: 'ACTION MODULE',
    does: 'changes a database to fit its declaration. ACTION is plan (writes the changes into a file), test (tries them on a copy), apply, status, or down (takes the last file back)',
    options: {
      'rename PLACE=NAME': 'a column or table is called otherwise now; .was(…) in the declaration says the same',
      'drop PLACE': 'a column or table goes with its data',
      'set PLACE=VALUE': 'what rows get that have no value',
      'map PLACE:OLD=NEW': 'what a value becomes',
      'otherwise PLACE=VALUE': 'what all values become that do not fit; cut = their beginning, keep = they stay',
      'name NAME': 'of the file that plan writes, and of the plan that down takes back',
      'dir FOLDER': 'where the files are; default: migrations next to the module',
    },
    examples: [
      'restuary migrate plan app.ts --rename todo.title=name --set todo.rank=0',
      'restuary migrate apply app.ts',
    ],
  },
  seed: {
    takes: 'MODULE',
    does: 'makes rows to develop with: calls the default export of each module in a folder with the API, in the order of their names',
    options: { 'dir FOLDER': 'where they are; default: seeds next to the module' },
    examples: ['restuary seed app.ts', 'restuary seed app.ts --dir seeds/demo'],
  },
  bench: {
    takes: 'URL',
    does: 'measures how fast an API answers. It only reads: the path of the URL, or without a path each list of the API and its first row',
    options: {
      'connections NUMBER': 'default 10',
      'seconds NUMBER': 'for each request of the report; default 3',
      'header FIELD': "sent with each request: 'authorization: Bearer …'; may be repeated",
      json: 'prints the report as JSON',
    },
    examples: [
      'restuary bench http://localhost:3000',
      "restuary bench 'http://localhost:3000/todo?done=false&limit=100' --connections 50",
    ],
  },
  client: {
    takes: 'SOURCE',
    does: 'writes a client in JavaScript, with its types. SOURCE is the URL of an API, its module, its OpenAPI document, or a SQLite or JSON file',
    options: { 'out FILE': 'default: standard output, without the types' },
    examples: ['restuary client http://localhost:3000 --out client.js'],
  },
  openapi: {
    takes: 'SOURCE',
    does: 'writes the OpenAPI document of an API. SOURCE is as for routes',
    options: OUT,
    examples: ['restuary openapi app.ts --out openapi.json'],
  },
  asyncapi: {
    takes: 'SOURCE',
    does: 'writes the AsyncAPI document of an API. SOURCE is as for routes',
    options: OUT,
    examples: ['restuary asyncapi app.ts --out asyncapi.json'],
  },
}

const WIDTH = 100

/** The help of all commands. */
export function helpOfAll(): string {
  const lines = Object.entries(COMMANDS).flatMap(([name, { takes, does }]) => row(`  ${name} ${takes}`, does, 25))
  return `restuary: live APIs, with little code or none

usage: restuary COMMAND [OPTIONS]

${lines.join('\n')}
${row('  help [COMMAND]', 'this text, or that of a command with its options and examples; also --help', 25).join('\n')}
${row('  version', 'also --version', 25).join('\n')}

Exit status: 0 = done, 1 = it failed, 2 = the command line is wrong.
`
}

/** The help of one command, with its options and examples. */
export function helpOf(name: string): string {
  const { takes, does, options, examples } = COMMANDS[name]!
  const listed = Object.entries(options).flatMap(([option, text]) => row(`  --${option}`, text, 22))
  return [
    `usage: restuary ${name} ${takes}${listed.length > 0 ? ' [OPTIONS]' : ''}`,
    '',
    ...row('', does, 0),
    ...(listed.length > 0 ? ['', 'options:', ...listed] : []),
    '',
    'examples:',
    ...examples.map(example => `  ${example}`),
    '',
  ].join('\n')
}

/** The names of a command's options. */
export function optionsOf(name: string): string[] {
  return Object.keys(COMMANDS[name]!.options).map(option => option.split(' ')[0]!)
}

/** A term and its explanation in two columns, wrapped. */
function row(term: string, text: string, column: number): string[] {
  const lines: string[] = []
  let line = term.padEnd(column)
  for (const word of text.split(' ')) {
    const isEmpty = line.trimEnd().length <= column && line.length === column
    if (line.length + word.length + 1 > WIDTH && !isEmpty) {
      lines.push(line.trimEnd())
      line = ' '.repeat(column)
    }
    line += (line.length > column ? ' ' : '') + word
  }
  return [...lines, line]
}

// Measures what the types of a declaration cost: a generated model of 200 related resources, checked by tsc.
// usage: node scripts/type-budget.ts — prints the figures, and fails when the compiler does more than the budgets allow.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Instantiations of types and signatures, for a server and for its client; unlike seconds, the same on every machine. */
export const budgets: Readonly<Record<Side, number>> = { server: 400_000, client: 500_000 }
const resources = 200
const root = fileURLToPath(new URL('..', import.meta.url))

type Side = 'server' | 'client'

export interface TypeCost {
  readonly resources: number
  readonly instantiations: number
  /** What the checker takes. It depends on the machine, and on what else runs there. */
  readonly checkMs: number
}

/** Runs the compiler over a generated model; rejects with its words if the model does not check. */
export async function measureTypes(count: number = resources, side: Side = 'server'): Promise<TypeCost> {
  const directory = await mkdtemp(join(tmpdir(), 'type-budget-'))
  try {
    await writeFile(`${directory}/model.mts`, modelOf(count, side))
    await writeFile(
      `${directory}/tsconfig.json`,
      JSON.stringify({
        extends: `${root}tsconfig.json`,
        compilerOptions: {
          isolatedDeclarations: false,
          declaration: false,
          types: ['node'],
          typeRoots: [`${root}node_modules/@types`],
        },
        include: ['model.mts'],
        exclude: [],
      }),
    )
    return { resources: count, ...(await compile(directory)) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function compile(directory: string): Promise<Omit<TypeCost, 'resources'>> {
  const tsc = `${root}node_modules/typescript/bin/tsc`
  const run = promisify(execFile)(process.execPath, [tsc, '-p', directory, '--extendedDiagnostics', '--singleThreaded'])
  const { stdout } = await run.catch((error: { stdout?: string }) => {
    throw new Error(`The model does not check:\n${error.stdout ?? ''}`, { cause: error })
  })
  return {
    instantiations: figure(stdout, /^Instantiations:\s+([\d,]+)/m),
    checkMs: Math.round(figure(stdout, /^Check time:\s+([\d.]+)s/m) * 1000),
  }
}

function figure(report: string, pattern: RegExp): number {
  const found = pattern.exec(report)?.[1]
  if (found === undefined) throw new Error(`The compiler's report has no ${pattern}:\n${report}`)
  return Number(found.replaceAll(',', ''))
}

/** Each resource has eight fields, with relations to its neighbours; every fourth one is used. */
function modelOf(count: number, side: Side): string {
  const names = Array.from({ length: count }, (_, i) => `r${i}`)
  const used = names.filter((_, i) => i % 4 === 0)
  return [
    `import { t } from '${root}src/schema/builder.ts'`,
    `import { resource as base } from '${root}src/model/declare/resource.ts'`,
    `import type { CheckedRelations, Declarations, Expanded, New, Patch, Row } from '${root}src/model/declare/types.ts'`,
    `import type { Sort, Where } from '${root}src/model/rules/where.ts'`,
    `import type { Client, Served } from '${root}src/client/types/client.ts'`,
    `const user = base({ id: t.id('uuid'), email: t.email().unique(), role: t.enum(['admin', 'member']), password: t.password() })`,
    `const resource = base.for(user)`,
    ...names.map((name, i) => resourceOf(name, i, names)),
    `declare function api<const M extends Declarations>(resources: CheckedRelations<M> & M): Faces<M>`,
    `interface Faces<M> { '~model'?: M; resource<K extends keyof M>(name: K): Face<M, K> }`,
    `interface Face<M, K> {`,
    `  create(input: New<M, K>): Row<M, K>`,
    `  patch(id: number, input: Patch<M, K>): Row<M, K>`,
    `  list(where: Where<M, K>, ...sort: Sort<M, K>[]): Row<M, K>[]`,
    `  deep(): Expanded<M, K, 3>`,
    `}`,
    `const app = api({ user, ${names.join(', ')} })`,
    ...(side === 'server'
      ? used.map(useOf)
      : [`interface App extends Served<typeof app> {}`, `declare const c: Client<App>`, ...used.map(clientUseOf)]),
    '',
  ].join('\n')
}

function resourceOf(name: string, i: number, names: readonly string[]): string {
  const { length } = names
  const next = names[(i + 1) % length]
  const previous = names[(i + length - 1) % length]
  const friend = names[(i * 7 + 3) % length]
  return `const ${name} = resource({
  id: t.id(), name: t.text({ max: 80 }), rank: t.integer().default(0), kind: t.enum(['a${i}', 'b']).nullable(),
  next: t.one('${next}'), backs: t.back('${previous}', 'next'), friends: t.many('${friend}'), owner: t.one('user').nullable(),
}).check(row => row.rank >= 0 || 'too small').unique('name', 'next')`
}

function useOf(name: string): string {
  const face = `f_${name}`
  return `const ${face} = app.resource('${name}')
${face}.create({ name: 'x', next: { name: 'y', next: 1 }, backs: [{ name: 'z' }], friends: [1] }).rank.toFixed()
${face}.patch(1, { rank: 3, owner: null }).backs[0]?.toFixed()
${face}.list({ rank: { $gt: 3 }, next: { name: { $contains: 'x' } }, backs: { $some: { kind: 'b' } } }, '-rank', 'next.name')
${face}.deep().next.next.name.at(0)`
}

function clientUseOf(name: string): string {
  return `export async function use_${name}() {
  const got = await c.${name}.get(1, { fields: ['id', 'name', 'next.name', 'next.next.rank', 'owner.email'] })
  got.next.next.rank.toFixed(); got.owner?.email.at(0)
  const page = await c.${name}.list({ filter: { rank: { $gt: 3 }, next: { name: { $contains: 'x' } }, backs: { $some: { kind: 'b' } } }, sort: ['-rank', 'next.name'], include: ['next.owner', 'friends'], total: true })
  page.rows[0]?.next.owner?.email.at(0); page.total.toFixed(); page.rows[0]?.friends[0]?.name.at(0)
  const made = await c.${name}.create({ name: 'x', next: { name: 'y', next: 1 }, backs: [{ name: 'z' }], friends: [1] }).safe()
  if (made.ok) made.value.rank.toFixed(); else made.problem.fields.name?.[0]?.detail
  ;(await c.${name}.patch(1, { rank: 3, owner: null })).backs[0]?.toFixed()
  ;(await c.${name}.get(1, { depth: 2 })).next.name.at(0)
}`
}

if (import.meta.main) {
  for (const [side, budget] of Object.entries(budgets) as [Side, number][]) {
    const { instantiations, checkMs } = await measureTypes(resources, side)
    const within = instantiations < budget
    console.log(
      `${resources} resources, ${side}: ${instantiations.toLocaleString('en')} instantiations, checked in ${checkMs} ms; ` +
        `the budget is ${budget.toLocaleString('en')}${within ? '' : ' — EXCEEDED'}`,
    )
    if (!within) process.exitCode = 1
  }
}

import type { Declaration, Declared } from './random-model.ts'
import type { Program, Step } from './program.ts'

/** The same program with one thing less in its model: a resource, a rule or a part of it, or a field with its other side. */
export function smallerModels(program: Program): Program[] {
  const { declaration } = program
  return Object.entries(declaration).flatMap(([name, declared]) => {
    const gone = withoutField(program, null, name)
    const unruled = smallerRules(declared).map(rules => ({
      ...program,
      declaration: { ...declaration, [name]: { ...declared, rules } },
    }))
    const fewer = Object.keys(declared.fields)
      .filter(field => field !== 'id')
      .map(field => withoutField(program, name, field))
    return [gone, ...unruled, ...fewer]
  })
}

function smallerRules({ rules }: Declared): Declared['rules'][] {
  if (!rules) return []
  const guarded = Object.keys(rules.fields)
  const unguarded = guarded.length > 0 ? [{ ...rules, fields: {} }] : []
  const parts = rules.read === 'always' ? [] : ['always', ...partsOf(rules.read)]
  const guards = guarded.flatMap(name =>
    partsOf(rules.fields[name]!).map(part => ({ ...rules, fields: { ...rules.fields, [name]: part } })),
  )
  return [null, ...unguarded, ...parts.map(read => ({ ...rules, read })), ...guards]
}

/** The arguments of any(), all() or not(). */
function partsOf(rule: string): string[] {
  const [, inner] = /^(?:any|all|not)\((.*)\)$/.exec(rule) ?? []
  if (inner === undefined) return []
  const parts: string[] = []
  for (let at = 0, depth = 0, begin = 0; at <= inner.length; at++) {
    if (at === inner.length || (depth === 0 && inner[at] === ',')) {
      parts.push(inner.slice(begin, at).trim())
      begin = at + 1
    } else if ('(['.includes(inner[at]!)) depth++
    else if (')]'.includes(inner[at]!)) depth--
  }
  return parts
}

/** Removes a field, or a whole resource if `resource` is null, with all fields and values that depend on it. */
function withoutField(program: Program, resource: string | null, name: string): Program {
  const gone = new Map<string, Set<string>>()
  if (resource !== null) gone.set(resource, new Set([name]))
  const { declaration } = program
  for (let before = -1; before !== sizeOf(gone);) {
    before = sizeOf(gone)
    for (const [owner, { fields }] of Object.entries(declaration))
      for (const [field, text] of Object.entries(fields))
        if (leansOn(text, owner, resource === null ? name : null, gone))
          gone.set(owner, (gone.get(owner) ?? new Set()).add(field))
  }
  const left = Object.entries(declaration).filter(([owner]) => resource !== null || owner !== name)
  const lesser: Declaration = Object.fromEntries(
    left.map(([owner, { fields, ...rest }]) => [owner, { ...rest, fields: kept(fields, gone.get(owner)) }]),
  )
  const steps = program.steps.map((step): Step => {
    if (!('commits' in step)) return step
    const commits = step.commits.map(commit =>
      commit.flatMap(one => {
        if (!Object.hasOwn(lesser, one.resource)) return []
        return one.body ? [{ ...one, body: kept(one.body, gone.get(one.resource)) }] : [one]
      }),
    )
    return { ...step, commits: commits.filter(commit => commit.length > 0) }
  })
  return { ...program, declaration: lesser, steps }
}

/** Whether a field relates to the removed resource, or depends on a removed field. */
function leansOn(
  text: string,
  owner: string,
  resource: string | null,
  gone: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const [, to] = /^t\.(?:one|back|many)\('(\w+)'/.exec(text) ?? []
  if (to !== undefined && to === resource) return true
  const [, other] = /inverse: '(\w+)'/.exec(text) ?? /^t\.back\('\w+', '(\w+)'/.exec(text) ?? []
  if (to !== undefined && other !== undefined && gone.get(to)?.has(other)) return true
  const [, used] = /^t\.count\('(\w+)'/.exec(text) ?? /uses: \['(\w+)'\]/.exec(text) ?? []
  return used !== undefined && (gone.get(owner)?.has(used) ?? false)
}

function kept<T>(object: Readonly<Record<string, T>>, gone: ReadonlySet<string> | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !gone?.has(name)))
}

const sizeOf = (gone: ReadonlyMap<string, ReadonlySet<string>>): number =>
  [...gone.values()].reduce((sum, { size }) => sum + size, 0)

import type { Ctx } from '../field.ts'
import type { ReadValue } from '../scalar-type.ts'
import { jsonMode } from './input-mode.ts'
import { Refused } from './refused.ts'
import { Rejected, type Schema } from '../schema.ts'

/** Reads or shapes an object in exact JSON types. */
export type TakeObject = (value: object, ctx: Ctx) => unknown

/** The checks of an object's members. null = a member is not a single field, so compiled code cannot check it alone. */
function checksOf(members: ReadonlyMap<string, Schema>, side: 'input' | 'output'): readonly ReadValue[] | null {
  const checks: ReadValue[] = []
  for (const [name, { exact }] of members) {
    // Every object inherits these names, so compiled code must not simply read them.
    if (!exact || name in Object.prototype) return null
    checks.push(exact[side])
  }
  return checks
}

/**
 * Compiles the members of an object into one function without a loop, as fast validators do. Its source contains the declared
 * names, quoted as JSON, and bounds, which are numbers. Nothing from a request ever becomes part of it.
 * Refused and unusual values are left to `slow`, which reports all faults. It also does everything if the platform forbids code
 * from strings.
 */
export function membersCode(
  members: ReadonlyMap<string, Schema>,
  side: 'input' | 'output',
  slow: TakeObject,
): TakeObject {
  let run: TakeObject | null = null
  return (value, ctx) => (run ??= make(members, side, slow))(value, ctx)
}

function make(members: ReadonlyMap<string, Schema>, side: 'input' | 'output', slow: TakeObject): TakeObject {
  const checks = checksOf(members, side)
  if (!checks) return slow
  const names = [...members.keys()]
  const schemas = [...members.values()]
  const lines = names.map((name, i) => {
    const v = `v${i}`
    const missing = `if (${v} === undefined) absent++
        const taken = schemas[${i}].${side === 'input' ? `input(${v}, jsonMode, ctx)` : `output(${v}, ctx)`}
        if (taken instanceof Rejected) return slow(value, ctx)
        if (taken !== ${v}) same = false
        ${v} = taken`
    const checked = `const taken = check${i}(${v})
        if (taken instanceof Refused) return slow(value, ctx)
        if (!Object.is(taken, ${v})) same = false
        ${v} = taken`
    const fits = schemas[i]!.fits?.(v) ?? 'false'
    return `let ${v} = value[${JSON.stringify(name)}]
      if (!(${fits})) {
        if (${v} === undefined || ${v} === null) { ${missing} } else { ${checked} }
      }`
  })
  // An input must not have other members. In an output they are left out.
  const end = `let present = 0
    for (const _ in value) present++
    if (present > ${names.length} - absent) return slow(value, ctx)
    if (same) return value`
  const result = `{ ${names.map((name, i) => `${JSON.stringify(name)}: v${i}`).join(', ')} }`
  const code = `'use strict'
    return (value, ctx) => {
      let absent = 0, same = true
      ${lines.join('\n')}
      ${side === 'input' ? end : ''}
      return ${result}
    }`
  try {
    const parameters = [
      'Refused',
      'Rejected',
      'jsonMode',
      'schemas',
      'slow',
      ...checks.map((_, i) => `check${i}`),
      code,
    ]
    // oxlint-disable-next-line typescript/no-implied-eval -- names are quoted: see above
    const factory = new Function(...parameters) as (...parts: unknown[]) => TakeObject
    return factory(Refused, Rejected, jsonMode, schemas, slow, ...checks)
  } catch {
    return slow
  }
}

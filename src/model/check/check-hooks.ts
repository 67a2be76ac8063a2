import type { ResourceDef } from '../declare/declaration.ts'
import { instead, noteAt, type Note, type NoteHere } from '../link/faults.ts'
import { formOf, functionKind, type AroundDef } from '../declare/hook.ts'
import type { Defs } from '../link/joins.ts'

const operations = ['list', 'get', 'create', 'replace', 'patch', 'delete']

/** Checks around-hooks and commit hooks. `storeWaits` = the store answers asynchronously. */
export function checkHooks(defs: Defs, storeWaits: boolean, note: Note): void {
  for (const [name, def] of defs) {
    const place = def.standalone ?? name
    checkNames(place, def, note)
    for (const [operation, hooks] of Map.groupBy(def.around ?? [], hook => hook.operation))
      checkForms(
        hooks,
        { isOperation: operations.includes(operation), storeWaits },
        noteAt(note, `${place}.around('${operation}')`),
      )
  }
}

function checkNames(place: string, def: ResourceDef, note: Note): void {
  const actions = Object.entries(def.actions ?? {}).map(([key, action]) => action.name ?? key)
  const known = [...(def.standalone === undefined ? operations : []), ...actions]
  for (const { operation } of def.around ?? [])
    if (!known.includes(operation))
      note(`${place}.around`, `names "${operation}", which is not an operation here`, instead(operation, known))
  const names = new Set<string>()
  for (const { name } of def.onCommit ?? []) {
    if (name === '' || names.has(name))
      note(`${place}.onCommit`, `has the name "${name}" twice`, 'how far each has come is kept under its name')
    names.add(name)
  }
}

/**
 * Checks the forms of hooks around one operation, of which the first is the outermost. A plain function gets the answer of
 * `next()` at once, so everything inside it must be synchronous too.
 */
function checkForms(
  hooks: readonly AroundDef[],
  { isOperation, storeWaits }: { readonly isOperation: boolean; readonly storeWaits: boolean },
  note: NoteHere,
): void {
  const fix = 'write it as a generator (`function* (call, next) { return yield* next() }`) or as an async function'
  hooks.forEach((hook, i) => {
    const tag = functionKind(hook.hook)
    if (typeof hook.hook !== 'function') return note('is not a function', fix)
    if (tag === 'AsyncGeneratorFunction') return note('is an async generator, which no store can run', fix)
    if (hook.as !== undefined && hook.as !== 'generator' && hook.as !== 'async')
      return note(`is declared as "${String(hook.as)}"`, "say `as: 'generator'` or `as: 'async'`")
    if (hook.as === 'generator' && tag === 'AsyncFunction')
      return note('is an async function and is declared as a generator', "leave `as` out, or say `as: 'async'`")
    if (!isOperation || formOf(hook) !== 'function') return
    if (storeWaits) note('is a plain function, and the answers of this store have to be waited for', fix)
    else if (hooks.slice(i + 1).some(inner => formOf(inner) === 'async'))
      note('is a plain function around an async one, whose answer has to be waited for', fix)
  })
}

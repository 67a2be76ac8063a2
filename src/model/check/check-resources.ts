import { isComposed } from '../key-text.ts'
import { instead, type Note } from '../link/faults.ts'
import type { ResourceDef } from '../declare/declaration.ts'
import { planJoins, type Defs } from '../link/joins.ts'
import {
  columnName,
  isIdField,
  nameFault,
  pathFault,
  pathsOf,
  reservedPaths,
  tableName,
  titleOf,
  type Paths,
} from '../link/names.ts'
import { readDeprecation } from '../declare/deprecation.ts'
import { ratePolicies } from '../declare/rate-limit.ts'

/** Checks each resource by itself, and the names that resources must not share: paths, tables, columns, titles. */
export function checkResources(defs: Defs, paths: Paths, note: Note): void {
  for (const [name, def] of defs) {
    const problem = nameFault(name)
    if (problem !== null) note(name, problem, 'use letters, digits, "_" and "-"')
    checkId(name, def, note)
    checkIndexes(name, def, note)
    checkColumns(name, def, note)
    checkPages(name, def, note)
    ratePolicies(def.rateLimit, name, note)
    readDeprecation(def.deprecation, name, note)
  }
  checkPaths(defs, paths, note)
  checkTitles(defs, note)
  checkTables(defs, note)
}

function checkId(name: string, def: ResourceDef, note: Note): void {
  const ids = Object.entries(def.fields).flatMap(([name, field]) => (isIdField(field) ? [name] : []))
  if (ids.length === 0) note(name, 'has no id', 'add id: t.id()')
  for (const second of ids.slice(1))
    note(
      `${name}.${second}`,
      `is a second id beside "${ids[0]}"`,
      'declare one of them as t.text().unique() or t.integer().unique()',
    )
}

function checkIndexes(name: string, def: ResourceDef, note: Note): void {
  const stored = Object.keys(def.fields).filter(field => isStored(def, field))
  for (const kind of ['unique', 'index'] as const) {
    for (const fields of def[kind]) {
      const place = `${name} ${kind} (${fields.join(', ')})`
      if (fields.length === 0) note(place, 'names no field', 'name the fields, or take it away')
      if (new Set(fields).size < fields.length) note(place, 'names a field twice', 'name each field once')
      for (const field of fields) {
        if (!Object.hasOwn(def.fields, field))
          note(place, `names "${field}", which ${name} does not have`, instead(field, stored))
        else if (!isStored(def, field))
          note(place, `names "${field}", which is not stored in ${name}`, instead(field, stored))
      }
    }
  }
}

function isStored(def: ResourceDef, field: string): boolean {
  const is = def.fields[field]?.is
  return is === 'scalar' || is === 'one'
}

function checkColumns(name: string, def: ResourceDef, note: Note): void {
  // SQLite compares column names without case. We do so for every store, so that a declaration fits them all.
  const taken = new Map<string, string>()
  const manyKeys = def.foreign !== undefined && isComposed(def.foreign)
  for (const [field, d] of Object.entries(def.fields)) {
    const place = `${name}.${field}`
    if (d.is !== 'scalar' && d.is !== 'one') {
      if (d.column !== undefined) note(place, 'names a column, though nothing is stored for it', 'take .column() away')
      continue
    }
    // In a table with a composite key the id is made from columns that other fields show.
    if (manyKeys && isIdField(d)) continue
    const column = columnName(field, d)
    const key = column.toLowerCase()
    if ((column === '' && field !== '') || /[\0\p{Cs}]/u.test(column))
      note(place, 'has a column without a usable name', 'name it with .column("…")')
    if (!def.foreign && (key === '_seq' || key === '_at'))
      note(place, `is stored in "${column}", where versions are kept`, 'name another column with .column("…")')
    const other = taken.get(key)
    if (other !== undefined && !sharesKey(def, other, field))
      note(place, `is stored in "${column}" like "${other}"`, 'name another column with .column("…")')
    taken.set(key, field)
  }
}

/**
 * Whether two fields may have the same column. In a table of another program the primary key may also be a reference to another
 * table.
 */
function sharesKey(def: ResourceDef, a: string, b: string): boolean {
  const [first, second] = [def.fields[a], def.fields[b]]
  if (def.foreign === undefined || !first || !second) return false
  return isIdField(first) ? second.is === 'one' : isIdField(second)
}

function checkPages(name: string, def: ResourceDef, note: Note): void {
  const { page, maxPage, depth } = def.limits ?? {}
  for (const [word, value] of Object.entries({ page, maxPage, depth })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      note(name, `has ${value} as limits.${word}`, 'give a whole number that is not negative')
  }
  if (page !== undefined && maxPage !== undefined && page > maxPage)
    note(name, `has a page of ${page} rows, but a maxPage of ${maxPage}`, 'raise maxPage or lower page')
}

function checkPaths(defs: Defs, moved: Paths, note: Note): void {
  const reserved = new Map<string, string>()
  for (const [word, path] of Object.entries({ ...reservedPaths, ...moved })) {
    if (!Object.hasOwn(reservedPaths, word)) note('paths', `names "${word}"`, instead(word, Object.keys(reservedPaths)))
    else if (path !== null) reserved.set(firstSegment(path), word)
  }
  const taken = new Map<string, string>()
  for (const [name, def] of defs) {
    for (const path of pathsOf(name, def)) {
      const problem = pathFault(path)
      if (problem !== null) {
        note(name, problem, 'give a path like "/todo", or null if it has none')
        continue
      }
      const word = reserved.get(firstSegment(path))
      if (word !== undefined && def.system !== true)
        note(
          name,
          `has the path "${path}", where ${word} is served`,
          `give it another path, or move that with paths: { ${word}: "/…" }`,
        )
      const other = taken.get(path)
      if (other !== undefined) {
        const twice = other === name ? 'has the path twice' : `has the path "${path}" like ${other}`
        note(name, twice, 'give it another path')
      }
      taken.set(path, name)
    }
  }
}

function firstSegment(path: string): string {
  return path.replace(/^\/+/, '').replace(/\/.*$/s, '')
}

function checkTitles(defs: Defs, note: Note): void {
  const taken = new Map<string, string>()
  for (const [name, def] of defs) {
    const title = titleOf(name, def)
    const other = taken.get(title)
    if (other !== undefined)
      note(name, `has the title "${title}" like ${other}`, 'give one of them another with { title: "…" }')
    taken.set(title, name)
  }
}

function checkTables(defs: Defs, note: Note): void {
  const taken = new Map<string, string>()
  const claim = (place: string, table: string, fix: string): void => {
    const key = table.toLowerCase()
    if (table === '' || /[\0\p{Cs}]/u.test(table)) note(place, 'has a table without a usable name', fix)
    else if (/^(sqlite|_restuary)_/.test(key))
      note(place, `is stored in table "${table}", a name that is reserved`, fix)
    const other = taken.get(key)
    if (other !== undefined) note(place, `is stored in table "${table}" like ${other}`, fix)
    taken.set(key, place)
  }
  for (const [name, def] of defs)
    if (def.standalone === undefined) claim(name, tableName(name, def), 'name another table with { table: "…" }')
  for (const plan of planJoins(defs)) {
    const [place = plan.table] = plan.shownBy
    claim(
      place,
      plan.schema === null ? plan.table : `${plan.schema}.${plan.table}`,
      'rename the field, or name the table with { through: { table, from, to } }',
    )
    if (plan.a.column.toLowerCase() === plan.b.column.toLowerCase())
      note(place, `keeps both sides in column "${plan.a.column}"`, 'name two columns in through')
  }
}

import { resolveNode, type DictNode, type FieldNode, type TextNode } from './node.ts'
import { bindParameters } from './parameters.ts'
import { described, parseScalar, scalarOf, parseValidatorText, sharedOf, type KnownNames } from './parse-scalar.ts'
import { positionOf } from '../../../schema/position.ts'
import type { NoteTextFault, SchemaFault } from './schema-error.ts'
import type { ParameterKind } from './validator.ts'

const listParams: Readonly<Record<string, ParameterKind>> = { minlen: 'number', maxlen: 'number', unique: 'flag' }

/** Reads a schema of any shape. `place` is where it is, for the positions of faults. null = faults have been added. */
export function parseSchema(
  schema: unknown,
  scope: KnownNames,
  place: readonly string[],
  faults: SchemaFault[],
): TextNode | null {
  const note = noteAt(place, faults)
  if (typeof schema === 'string') return parseScalar(schema, scope, note)
  if (Array.isArray(schema)) return parseList(schema, scope, place, faults)
  if (isDict(schema)) return parseDict(schema, scope, place, faults)
  const found = schema === null || schema === undefined ? 'None' : typeof schema
  note(`can't parse ${found}`, 'a schema is a string, a list or a map')
  return null
}

function noteAt(place: readonly string[], faults: SchemaFault[]): NoteTextFault {
  return (message, fix) => void faults.push({ message, position: positionOf(place), fix })
}

function isDict(schema: unknown): schema is Readonly<Record<string, unknown>> {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema)
}

function parseList(
  schema: readonly unknown[],
  scope: KnownNames,
  place: readonly string[],
  faults: SchemaFault[],
): TextNode | null {
  const note = noteAt(place, faults)
  if (schema.length !== 1 && schema.length !== 2) {
    note('invalid length of list schema', 'write [item] or ["&unique", item]')
    return null
  }
  const self = schema.length === 2 ? schema[0] : ''
  if (typeof self !== 'string') {
    note('the first of two elements must be a string', 'it says what holds for the list: ["&unique", item]')
    return null
  }
  const parsed = parseValidatorText(self, note)
  if (parsed?.refers.length) note('a list refers to nothing', 'write ["@name"] for a list of it')
  const params =
    parsed && bindParameters('a list', { ...listParams, ...described }, Object.keys(listParams), parsed, note)
  const item = parseSchema(schema.at(-1), scope, [...place, '[]'], faults)
  if (params === null || item === null) return null
  const { minlen = 0, maxlen = 1024, unique = false, optional = false, desc = null } = params
  return {
    is: 'list',
    item,
    minlen: Number(minlen),
    maxlen: Number(maxlen),
    unique: unique === true,
    optional: optional === true,
    desc: typeof desc === 'string' ? desc : null,
  }
}

function parseDict(
  schema: Readonly<Record<string, unknown>>,
  scope: KnownNames,
  place: readonly string[],
  faults: SchemaFault[],
): DictNode | null {
  let whole = true
  const fields = new Map<string, FieldNode>()
  let self: Pick<DictNode, 'optional' | 'merges' | 'desc'> | null = null
  for (const [key, inner] of Object.entries(schema)) {
    const at = [...place, segmentOf(key)]
    const note = noteAt(at, faults)
    if (key.startsWith('$self')) {
      if (self) note('multi $self not allowed', 'put the parameters of both into one')
      // $self describes the dict itself, so its faults are at the dict.
      self ??= parseSelf(key, inner, scope, noteAt(place, faults))
      whole &&= self !== null
      continue
    }
    const field = parseField(key, inner, scope, at, faults)
    // If a field is there twice, the later one wins, at the place of the first.
    if (field) fields.set(field.name, field)
    else whole = false
  }
  if (!whole) return null
  return {
    is: 'dict',
    merges: self?.merges ?? [],
    fields: [...fields.values()],
    optional: self?.optional ?? false,
    desc: self?.desc ?? null,
  }
}

function parseField(
  key: string,
  inner: unknown,
  scope: KnownNames,
  place: readonly string[],
  faults: SchemaFault[],
): FieldNode | null {
  const note = noteAt(place, faults)
  if (typeof inner === 'object' && inner !== null) {
    if (/[?@&()]/.test(key) || key === '__proto__') {
      note(`invalid key '${key}'`, 'the key of a nested schema is the plain name of the field')
      return null
    }
    const node = parseSchema(inner, scope, place, faults)
    return node && { name: key, node, desc: node.desc }
  }
  if (!/[?@]/.test(key)) {
    const meant = typeof inner === 'string' ? inner : 'str'
    note('missing validator or refer', `the schema belongs to the key: {"${key}?${meant}": "description"}`)
    return null
  }
  const desc = typeof inner === 'string' ? inner : null
  const parsed = parseValidatorText(key, note)
  if (parsed === null) return null
  const name = parsed.key ?? ''
  if (name === '__proto__') {
    note(`invalid key '${key}'`, 'choose another name')
    return null
  }
  const node = scalarOf(parsed, desc, scope, note)
  return node && { name, node, desc: desc ?? node.desc }
}

function parseSelf(
  key: string,
  inner: unknown,
  scope: KnownNames,
  note: NoteTextFault,
): Pick<DictNode, 'optional' | 'merges' | 'desc'> | null {
  const parsed = parseValidatorText(key, note)
  const params = parsed && bindParameters('a dict', described, [], parsed, note)
  if (!parsed || !params) return null
  const merges: { name: string; node: DictNode }[] = []
  for (const name of parsed.refers) {
    const shared = sharedOf(name, scope, note)
    const node = shared && resolveNode(shared)
    if (node === null) return null
    if (node.is !== 'dict' || node.merges.length) {
      note(`can't merge non-dict '@${name}'`, 'only dicts that merge nothing themselves can be merged')
      return null
    }
    merges.push({ name, node })
  }
  const own = typeof params['desc'] === 'string' ? params['desc'] : null
  return { optional: params['optional'] === true, merges, desc: typeof inner === 'string' ? inner : own }
}

/** The part of a key that positions contain. */
function segmentOf(key: string): string {
  return (key.split('?', 1)[0]!.length < key.length ? key.split('?', 1)[0]! : key.split('@', 1)[0]!).trim()
}

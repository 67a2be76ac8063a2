import { checkOf } from './compile.ts'
import type { TextNode } from './node.ts'
import { parseSchema } from './parse.ts'
import type { KnownNames } from './parse-scalar.ts'
import { FAIL, openReport, refusalsOf, type Invalid } from './report.ts'
import { SchemaError, type SchemaFault } from './schema-error.ts'
import type { SharedTexts, TextOutput } from './types.ts'
import type { Validators } from './validator.ts'

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly Invalid[] }

/**
 * Checks a value and returns the validated one. It stops at the first fault, like the original, unless `limit` asks for more.
 * Faults come in the order of the schema, so the first one is always the same.
 */
export type Validate<T = unknown> = (value: unknown, limit?: number) => Result<T>

/** Compiled shared schemas. A later set may use them. */
export interface Shared<T extends SharedTexts = SharedTexts> {
  /** Exists only for the compiler. */
  readonly texts?: T
  readonly nodes: KnownNames['shared']
}

export interface TextSchemaOptions<T extends SharedTexts = SharedTexts> {
  /** Shared schemas. Each may refer to those before it. */
  readonly shared?: Shared<T> | T
  /** Your own validators by name. They win over the built-in ones. */
  readonly validators?: Validators
  /** The place of the text, which begins the positions of its faults: `Hello.get.$input`. */
  readonly place?: string
}

/** Compiles a schema text. Throws a SchemaError with all its faults. */
export function compileText<const S, const T extends SharedTexts = {}>(
  schema: S,
  options: TextSchemaOptions<T> = {},
): Validate<TextOutput<S, T>> {
  const check = checkOf(parseText(schema, options))
  return (value, limit = 1) => {
    const report = openReport(limit)
    const out = check(value, report)
    return out === FAIL ? { ok: false, errors: refusalsOf(report) } : { ok: true, value: out as TextOutput<S, T> }
  }
}

/** Compiles shared schemas in order, for any number of texts. Throws a SchemaError with all their faults. */
export function compileShared<const T extends SharedTexts>(shared: T, options: TextSchemaOptions = {}): Shared<T> {
  const faults: SchemaFault[] = []
  const scope = scopeOf(options, faults)
  const nodes = readShared(shared, scope, options.place, faults)
  if (faults.length) throw new SchemaError(faults)
  return { nodes }
}

/** Reads a schema text without compiling a check, for documents. Throws as `compileText` does. */
export function parseText(schema: unknown, options: TextSchemaOptions = {}): TextNode {
  const faults: SchemaFault[] = []
  const node = parseSchema(schema, scopeOf(options, faults), placeOf(options.place), faults)
  if (node === null || faults.length) throw new SchemaError(faults)
  return node
}

function scopeOf({ shared = {}, validators = {} }: TextSchemaOptions, faults: SchemaFault[]): KnownNames {
  if (isShared(shared)) return { shared: shared.nodes, validators }
  return { shared: readShared(shared, { shared: new Map(), validators }, undefined, faults), validators }
}

function readShared(
  shared: Readonly<Record<string, unknown>>,
  { shared: earlier, validators }: KnownNames,
  place: string | undefined,
  faults: SchemaFault[],
): Map<string, TextNode | null> {
  const nodes = new Map(earlier)
  for (const [name, schema] of Object.entries(shared)) {
    const node = parseSchema(schema, { shared: nodes, validators }, [...placeOf(place), name], faults)
    nodes.set(name, node)
  }
  return nodes
}

function placeOf(place: string | undefined): string[] {
  return place === undefined || place === '' ? [] : [place]
}

function isShared(shared: Shared | Readonly<Record<string, unknown>>): shared is Shared {
  return shared['nodes'] instanceof Map
}

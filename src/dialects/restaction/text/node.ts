import type { Value } from '../../../schema/field.ts'
import type { TextCheck } from './report.ts'
import type { Parameters, Validator } from './validator.ts'

interface Described {
  /** Whether it may be missing. The result is then `null` or, for strings, `""`. */
  readonly optional: boolean
  readonly desc: string | null
}

export interface ScalarNode extends Described {
  readonly is: 'scalar'
  readonly name: string
  readonly validator: Validator
  readonly params: Parameters
  /** The check of values that are not empty. */
  readonly check: TextCheck
  /** null = no default. */
  readonly default: Value
}

export interface ReferNode extends Described {
  readonly is: 'refer'
  readonly to: string
  readonly target: TextNode
}

export interface ListNode extends Described {
  readonly is: 'list'
  readonly item: TextNode
  readonly minlen: number
  readonly maxlen: number
  readonly unique: boolean
}

export interface FieldNode {
  readonly name: string
  readonly node: TextNode
  readonly desc: string | null
}

export interface DictNode extends Described {
  readonly is: 'dict'
  /** Shared dicts whose fields come before its own. */
  readonly merges: readonly { readonly name: string; readonly node: DictNode }[]
  readonly fields: readonly FieldNode[]
}

/** A schema text after reading: names are resolved, parameters bound, defaults checked. */
export type TextNode = ScalarNode | ReferNode | ListNode | DictNode

/** The node to which references finally lead. */
export function resolveNode(node: TextNode): Exclude<TextNode, ReferNode> {
  let at = node
  while (at.is === 'refer') at = at.target
  return at
}

import type { Value } from '../../../schema/field.ts'
import type { TextCheck } from './report.ts'
import type { Parameters, Validator } from './validator.ts'

interface Described {
  /** null stands for itself: an absent value is `null`, of strings `""`. */
  readonly optional: boolean
  readonly desc: string | null
}

export interface ScalarNode extends Described {
  readonly is: 'scalar'
  readonly name: string
  readonly validator: Validator
  readonly params: Parameters
  /** Of values that are not empty. */
  readonly check: TextCheck
  /** null = none. */
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
  /** Shared dicts whose fields come before its own; each is plain. */
  readonly merges: readonly { readonly name: string; readonly node: DictNode }[]
  readonly fields: readonly FieldNode[]
}

/** A schema text that was read: names are resolved, parameters bound, defaults checked. */
export type TextNode = ScalarNode | ReferNode | ListNode | DictNode

/** What a reference leads to in the end. */
export function resolveNode(node: TextNode): Exclude<TextNode, ReferNode> {
  let at = node
  while (at.is === 'refer') at = at.target
  return at
}

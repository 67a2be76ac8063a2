import { compileDict, type DictStep } from './dict.ts'
import { compileList } from './list.ts'
import { resolveNode, type ReferNode, type ScalarNode, type TextNode } from './node.ts'
import { noteRefusal, type TextCheck } from './report.ts'

const compiled = new WeakMap<TextNode, TextCheck>()

/** The check of a node. It is made once, even if several nodes refer to it. */
export function checkOf(node: TextNode): TextCheck {
  const known = compiled.get(node)
  if (known) return known
  const check = compileNode(node)
  compiled.set(node, check)
  return check
}

function compileNode(node: TextNode): TextCheck {
  switch (node.is) {
    case 'scalar':
      return compileScalar(node)
    case 'refer':
      return compileRefer(node)
    case 'list':
      return compileList(node, checkOf(node.item), fitsOf(node.item))
    case 'dict': {
      const fields = [...node.merges.flatMap(merge => merge.node.fields), ...node.fields]
      const steps = fields.map(({ name, node }) => ({ key: name, check: checkOf(node), fits: fitsOf(node) }))
      return compileDict(steps, node.optional)
    }
  }
}

/** The expression for values that need no check. Such values are never empty, so defaults do not matter. */
function fitsOf(node: TextNode): DictStep['fits'] {
  const at = resolveNode(node)
  return at.is === 'scalar' ? (at.validator.fits?.(at.params) ?? null) : null
}

/** The check of a scalar. It handles empty values, so that validators never get one. */
function compileScalar({ validator, check, optional, default: standard }: ScalarNode): TextCheck {
  const { string } = validator
  const nothing = string ? '' : null
  const hasDefault = standard !== null
  return (value, report) => {
    if (value === undefined || value === null || (string && value === '')) {
      if (hasDefault) return standard
      return optional ? nothing : noteRefusal(report, 'required')
    }
    return check(value, report)
  }
}

/** The check of a reference. Of its options only `optional` counts, and only for null: then the target is not checked. */
function compileRefer({ target, optional }: ReferNode): TextCheck {
  const check = checkOf(target)
  return optional ? (value, report) => (value === undefined || value === null ? null : check(value, report)) : check
}

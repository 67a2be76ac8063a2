import { createHash } from 'node:crypto'
import type { Sliced } from '../engine/slices.ts'
import type { PageBytes } from '../transport/http/endpoint.ts'

/** Characters of a document that are encoded at once. */
const PART = 65_536

/** The bytes of `JSON.stringify(value)`, with their tag. It may be interrupted within the outer objects. */
export function* jsonPage(value: unknown): Sliced<PageBytes> {
  const parts: Buffer[] = []
  const hash = createHash('sha256')
  let text = ''
  const flush = (): void => {
    const bytes = Buffer.from(text)
    hash.update(bytes)
    parts.push(bytes)
    text = ''
  }
  for (const part of jsonParts(value)) {
    text += part
    if (text.length < PART) continue
    flush()
    yield
  }
  flush()
  return { bytes: Buffer.concat(parts), tag: hash.digest('base64url').slice(0, 22) }
}

/** The same text in parts: members of the outer objects, so many levels deep. */
function* jsonParts(value: unknown, levels = 3): Generator<string, void> {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return yield JSON.stringify(value)
  let before = '{'
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    yield `${before}${JSON.stringify(key)}:`
    yield* jsonParts(member, levels - 1)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}

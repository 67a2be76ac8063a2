import { contentsOf, type Patches } from '../../../live/changed-members.ts'
import { frameOf, type Batch, type Frame } from '../../../live/event.ts'
import type { Terms } from '../../../store/terms.ts'
import { textFrame } from '../connection.ts'

/** The name of a subscription, in the forms that frames need. */
export interface Label {
  /** JSON text. */
  readonly text: string
  /** The key of shared frames: equal for subscriptions with the same name. */
  readonly key: string
  readonly terms: Terms
  /** How patches are made, for subscriptions that are told changed members only. null = whole rows. */
  readonly patches: Patches | null
}

/**
 * What one step did, and the idempotency keys of the receiver's own writes in it. The text without the name is made once per
 * step, the frame once per name: clients mostly use the same names, so the frames are shared.
 */
export function commitFrame(label: Label, batch: Batch, keys: readonly string[]): Frame {
  if (keys.length === 0) return frameOf(batch, label.key, label, makeCommitFrame)
  const by = `,"by":${JSON.stringify(keys)}}`
  return frameOf(batch, label.key + by, label, (_, { text, terms, patches }) =>
    textFrame(`{"sub":${text}${restOf(batch, terms, patches).slice(0, -1)}${by}`),
  )
}

function makeCommitFrame(batch: Batch, { text, terms, patches }: Label): Frame {
  return textFrame(`{"sub":${text}${restOf(batch, terms, patches)}`)
}

function restOf(batch: Batch, terms: Terms, patches: Patches | null): string {
  const texts = patches === null ? commitTexts : patchTexts
  let rest = texts.get(batch)
  if (rest === undefined) texts.set(batch, (rest = commitText(batch, terms, patches)))
  return rest
}

/** The texts of commits, without the name of the subscription: with whole rows, and with their changed members. */
const commitTexts = new WeakMap<Batch, string>()
const patchTexts = new WeakMap<Batch, string>()

function commitText({ resource, position, events, order }: Batch, terms: Terms, patches: Patches | null): string {
  let text = `,"op":"commit","position":"${terms.position(position)}","events":[`
  const contentOf = contentsOf(resource, patches)
  events.forEach((event, i) => {
    const { kind, id, seq, version, born, dead } = event
    const content = event.body === null ? '' : contentOf(event)
    if (i > 0) text += ','
    text += `{"kind":"${kind}","id":${JSON.stringify(id)},"version":"${version ?? terms.position(seq)}"`
    if (content !== '') text += `,${content}`
    text += born || dead ? ',"own":true}' : '}'
  })
  return `${text}]${order ? `,"order":${JSON.stringify(order)}` : ''}}`
}

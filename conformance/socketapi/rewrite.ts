import { isObject } from '../object.ts'
import { parentOf, slashed } from './uri.ts'
import type { Event, Step } from './vector.ts'

/** Keeps count of what clients hold. */
export function follow(held: Map<string, Set<string>>, { client = '', connect, disconnect, send }: Step): void {
  if (connect || disconnect) held.delete(client)
  const [uri] = send?.args ?? []
  if (typeof uri !== 'string') return
  const own = held.get(client) ?? new Set()
  held.set(client, own)
  if (send!.event === 'subscribe') own.add(uri)
  if (send!.event === 'unsubscribe') own.delete(uri)
}

export function uriOf({ args: [payload] }: Event): string | null {
  return isObject(payload) && typeof payload['uri'] === 'string' ? payload['uri'] : null
}

/** The URIs that a step speaks of. */
export function urisIn({ send }: Step): string[] {
  const [first] = send?.args ?? []
  if (typeof first === 'string') return send!.event === 'subscribe' || send!.event === 'unsubscribe' ? [first] : []
  return isObject(first) && typeof first['uri'] === 'string' ? [first['uri']] : []
}

/** Whether URIs of a case are written with and without slashes in front, or with several. */
export function isMixed(steps: readonly Step[]): boolean {
  const uris = steps.flatMap(urisIn)
  const spellings = new Map<string, Set<string>>()
  for (const uri of uris)
    for (const one of [uri, parentOf(uri)]) {
      const key = slashed(one)
      spellings.set(key, (spellings.get(key) ?? new Set()).add(one))
    }
  return [...spellings.values()].some(all => all.size > 1)
}

/** A step that speaks of other URIs. */
export function withUris(step: Step, to: (uri: string) => string): Step {
  if (!step.send) return step
  const [first, ...rest] = step.send.args
  const [uri] = urisIn(step)
  if (uri === undefined) return step
  const other = typeof first === 'string' ? to(uri) : { ...(first as object), uri: to(uri) }
  return { ...step, send: { ...step.send, args: [other, ...rest] } }
}

/**
 * What was found of a step whose URIs were all spelt alike, in the words of its client: answers to it are as recorded,
 * and what happened is told in the spelling that the client follows.
 */
export function backTo(steps: readonly Step[], index: number, seen: Step): Step {
  const recorded = steps[index]!
  const held = new Set<string>()
  for (const step of steps.slice(0, index + 1)) {
    if (step.client !== recorded.client) continue
    for (const uri of urisIn(step)) if (step.send?.event === 'subscribe') held.add(uri)
    for (const uri of urisIn(step)) if (step.send?.event === 'unsubscribe') held.delete(uri)
  }
  const own = (uri: string): string => {
    const parent = parentOf(uri)
    const item = [...held].find(one => slashed(one) === uri)
    const list = [...held].find(one => slashed(one) === parent)
    return item ?? (list === undefined ? uri : list + uri.slice(parent.length))
  }
  const answers = (recorded.expect ?? []).filter(event => !isChange(event))
  const expect = seen.expect?.map(event => {
    if (!isChange(event)) return answers.shift() ?? event
    return { ...event, args: [{ ...(event.args[0] as object), uri: own(uriOf(event)!) }] }
  })
  return {
    ...recorded,
    ...(expect && { expect }),
    ...(seen.expectStore && { expectStore: seen.expectStore }),
    ...(seen.log && { log: seen.log }),
  }
}

/** Whether an event tells what happened to a resource, and is no answer. */
const isChange = (event: Event): boolean => ['create', 'patch', 'delete'].includes(event.event) && uriOf(event) !== null

/** The steps with another answer to some messages: it takes the place of the error that was recorded, or is new. */
export function answering(
  steps: readonly Step[],
  isIt: (step: Step, index: number) => boolean,
  answer: Event,
  free: readonly string[] = [],
): readonly Step[] {
  const out = [...steps]
  for (const [index, step] of steps.entries()) {
    if (!isIt(step, index)) continue
    const at = out.findIndex((one, i) => i > index && one.client === step.client && one.expect)
    if (at < 0) continue
    const since = out.findLastIndex((one, i) => i < index && one.client === step.client && one.expect)
    // Each message before it has been answered with one event.
    const before = out.slice(since + 1, index).filter(one => one.client === step.client && one.send)
    const expect = [...out[at]!.expect!]
    const place = Math.min(before.length, expect.length)
    const isReplaced = expect[place]?.event.endsWith('_error')
    expect.splice(place, isReplaced ? 1 : 0, answer)
    const portable = Object.fromEntries(free.map(path => [path, 'named by its status']))
    out[at] = { ...out[at]!, expect, ...(free.length > 0 && { portable: { ...out[at]!.portable, ...portable } }) }
  }
  return out
}

// Prints each call of a program, and why it was refused: `node --import restuary/dev-log server.ts`. `restuary dev` does the same.
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { explainRule, printRule } from '../../engine/rules/explain-rules.ts'
import { ruleFor } from '../../engine/rules/bind.ts'
import type { TracedCall } from '../../engine/actions/trace.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Servable } from '../../serve.ts'
import { tellLoadedFiles } from './tell-loaded.ts'

tellLoadedFiles()

/** The APIs that are served. */
const served = new Set<Servable>()
channel('restuary:serve').subscribe(app => void served.add(app as Servable))

const begun = new WeakMap<TracedCall, number>()
const calls = tracingChannel<TracedCall>('restuary:call')
calls.subscribe({
  start: call => void begun.set(call, performance.now()),
  end: call => {
    if (call.outcome !== undefined) void print(call)
  },
  asyncStart: () => {},
  asyncEnd: call => void print(call),
  error: () => {},
})

async function print(call: TracedCall): Promise<void> {
  const { face, operation, action, resource, id, error, caller } = call
  // Calls of the application itself are part of others.
  if (face === 'code') return
  const took = `${(performance.now() - (begun.get(call) ?? 0)).toFixed(0)} ms`
  const what = `${action ?? operation} ${resource}${id === null ? '' : `/${id}`}`
  const who = caller === null ? 'anonymous' : `me=${caller.id}`
  const result = error === undefined ? 'ok' : error instanceof ApiError ? `${error.status} ${error.code}` : 'failed'
  const why = error === undefined ? [] : await reasons(call).catch(() => [])
  console.error(
    [`${time()}  ${face.padEnd(6)}  ${what.padEnd(24)}  ${result}  ${took}  ${who}`, ...why].join('\n          '),
  )
}

const time = (): string => new Date().toTimeString().slice(0, 8)

/** Why a call was refused, for the eyes of the developer: the faults of its input, or the parts of the rule. */
async function reasons({
  error,
  resource: name,
  operation,
  action,
  id,
  caller,
}: TracedCall): Promise<readonly string[]> {
  if (!(error instanceof ApiError)) return []
  if (error.issues.length > 0)
    return error.issues.map(one => `${one.pointer ?? one.parameter ?? one.header ?? ''} ${one.detail}`.trim())
  if (![401, 403, 404].includes(error.status)) return [error.message]
  for (const { engine, store } of served) {
    const resource = engine.model.resources.get(name)
    if (!resource || !store) continue
    for (const asked of new Set(['read', action ?? RULES[operation] ?? 'read'])) {
      if (id === null || asked === 'create') {
        const rule = ruleFor(resource, asked)
        if (asked !== 'read' && rule !== 'open')
          return [
            rule === null
              ? `${name} has no rule for ${asked}, which refuses it`
              : `the rule for ${asked}: ${printRule(rule)}`,
          ]
        continue
      }
      const { allowed, lines } = await store.read(snapshot =>
        explainRule(snapshot, { resource, action: asked, id, me: caller }),
      )
      if (!allowed) return [`the rule for ${asked}:`, ...lines.map(line => `  ${line}`)]
    }
  }
  return []
}

/** The rules that decide about operations. */
const RULES: Readonly<Record<string, string>> = { create: 'create', replace: 'write', patch: 'write', delete: 'delete' }

/** How often the number of subscriptions is looked at, in milliseconds. */
const LOOK = 250
let open = 0
setInterval(() => {
  const now = [...served].reduce((sum, { http }) => sum + (http.live?.subscriptions ?? 0), 0)
  if (now !== open)
    console.error(`${time()}  live    ${now} ${now === 1 ? 'subscription is' : 'subscriptions are'} open`)
  open = now
}, LOOK).unref()

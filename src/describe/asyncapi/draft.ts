import type { Model, Resource } from '../../model/model.ts'
import type { Components } from '../components.ts'
import type { DescribeOptions } from '../options.ts'

export type Json = Readonly<Record<string, unknown>>

/** Who sends a message: the server, or the client. */
export type From = 'server' | 'client'

/** An AsyncAPI document while it is put together. */
export class AsyncDraft {
  readonly model: Model
  readonly options: DescribeOptions
  readonly components: Components
  readonly channels: Record<string, Json> = {}
  readonly operations: Record<string, Json> = {}
  /** The resources that clients reach. */
  readonly resources: readonly Resource[]

  constructor(model: Model, options: DescribeOptions, components: Components) {
    this.model = model
    this.options = options
    this.components = components
    this.resources = [...model.resources.values()].filter(resource => resource.paths.length > 0)
  }

  /** A row of a resource, by reference. */
  row(resource: Resource): Json {
    return { $ref: this.components.refer(resource, 'row') }
  }

  /** A row of any resource. */
  anyRow(): Json {
    const rows = this.resources.map(resource => this.row(resource))
    return rows.length === 0 ? {} : rows.length === 1 ? rows[0]! : { anyOf: rows }
  }

  /**
   * A channel with the messages that either side sends. Each side's become one operation, seen from the server:
   * it sends what clients hear and receives what they say.
   */
  channel(id: string, channel: Json, messages: Readonly<Record<From, Readonly<Record<string, Json>>>>): void {
    this.channels[id] = {
      ...channel,
      messages: { ...keyed('', messages.server), ...keyed('', messages.client) },
    }
    for (const [from, action, word] of [
      ['server', 'send', 'Tells'],
      ['client', 'receive', 'Hears'],
    ] as const) {
      const names = Object.keys(messages[from])
      if (names.length === 0) continue
      this.operations[`${id}.${action}`] = {
        action,
        channel: { $ref: `#/channels/${id}` },
        title: `${word}: ${names.join(', ')}`,
        messages: names.map(name => ({ $ref: `#/channels/${id}/messages/${name}` })),
      }
    }
  }
}

function keyed(prefix: string, messages: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(messages).map(([name, message]) => [prefix + name, message]))
}

/** A message with a JSON payload. */
export function message(name: string, summary: string, payload: Json, more: Json = {}): Json {
  return { name, title: name, summary, contentType: 'application/json', payload, ...more }
}

export const stringSchema: Json = { type: 'string' }
export const anything: Json = {}

/** An object of these members and no others, all of them there unless they end in `?`. */
export function record(members: Readonly<Record<string, Json>>, open = false): Json {
  const entries = Object.entries(members)
  const required = entries.filter(([name]) => !name.endsWith('?')).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    ...(required.length ? { required } : {}),
    ...(open ? {} : { additionalProperties: false }),
  }
}

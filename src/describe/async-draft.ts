import type { Json } from './openapi/answers.ts'
import type { Model, Resource } from '../model/model.ts'
import type { Components } from './components.ts'
import type { DescribeOptions } from './options.ts'

/** The sender of a message. */
export type From = 'server' | 'client'

/** An AsyncAPI document that is being made. */
export class AsyncDraft {
  readonly model: Model
  readonly options: DescribeOptions
  readonly components: Components
  readonly channels: Record<string, Json> = {}
  readonly operations: Record<string, Json> = {}
  /** The resources that clients can reach. */
  readonly resources: readonly Resource[]

  constructor(model: Model, options: DescribeOptions, components: Components) {
    this.model = model
    this.options = options
    this.components = components
    this.resources = [...model.resources.values()].filter(resource => resource.paths.length > 0)
  }

  /** A reference to a row of a resource. */
  row(resource: Resource): Json {
    return { $ref: this.components.refer(resource, 'row') }
  }

  /** A row of any resource. */
  anyRow(): Json {
    const rows = this.resources.map(resource => this.row(resource))
    return rows.length === 0 ? {} : rows.length === 1 ? rows[0]! : { anyOf: rows }
  }

  /**
   * Adds a channel with the messages of both sides. Each side becomes one operation, from the point of view of the server: it
   * sends what clients receive, and receives what they send.
   */
  channel(id: string, channel: Json, messages: Readonly<Record<From, Readonly<Record<string, Json>>>>): void {
    this.channels[id] = {
      ...channel,
      messages: { ...keyed('', messages.server), ...keyed('', messages.client) },
    }
    for (const [from, action, word] of [
      ['server', 'send', 'Sends'],
      ['client', 'receive', 'Receives'],
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

/** An object with these members and no others. A name that ends in `?` is optional. */
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

import { Buffer } from 'node:buffer'
import type { ApiError } from '../../../src/index.ts'
import type { Batch } from '../../../src/live/event.ts'
import type { Listener, Shown, Subscription } from '../../../src/live/subscriptions/subscription.ts'
import { ID, type Field, type Id, type Resource } from '../../../src/model/model.ts'
import type { Subscriber } from './program.ts'

interface Entry {
  readonly id: Id
  readonly seq: number
  readonly body: string
}

/** The rows in view after an event, as JSON texts. */
export interface Told {
  readonly position: number
  readonly bodies: readonly string[]
}

/** A row that entered or left, and whether the event said that it was created or deleted. */
export interface Move {
  readonly kind: 'enter' | 'leave'
  readonly id: Id
  readonly isOwn: boolean
}

/** Builds its list from what it receives, as a client does, and notes events that contradict it. */
export class Client implements Listener {
  readonly asked: Subscriber
  readonly resource: Resource
  subscription: Subscription | null = null
  isStalled = false
  position = -1
  entries: Entry[] = []
  /** What has arrived since the last comparison. */
  told: Told[] = []
  moves: Move[] = []
  faults: string[] = []
  wasReset = false
  /** Whether it came within the step, so that it may have received earlier steps. */
  isLate = false
  resumes = 0
  resets = 0
  batches = 0
  events = 0
  readonly #compare: ((a: string, b: string) => number) | null
  /** Whether rows include related rows, so that they may be sent without a change of their own. */
  readonly isDeep: boolean

  constructor(asked: Subscriber, resource: Resource) {
    this.asked = asked
    this.resource = resource
    this.#compare = comparing(resource, asked.query.sort)
    const { depth = 1, include = [], fields = [] } = asked.query
    this.isDeep = depth > 1 || include.length > 0 || fields.some(path => path.includes('.'))
  }

  get bodies(): string[] {
    return this.entries.map(entry => entry.body)
  }

  /** Version and body of each row in view, in order. */
  get versions(): string[] {
    return this.entries.map(({ seq, body }) => `${seq} ${body}`)
  }

  /** What it followed is gone. The next subscription starts anew. */
  leave(): void {
    this.entries = []
    this.position = -1
  }

  /** Forgets what has been compared. */
  looked(): void {
    this.told = []
    this.moves = []
    this.wasReset = false
    this.isLate = false
  }

  snapshot(rows: readonly Shown[], position: string, isReset: boolean): void {
    this.entries = rows.map(({ id, seq, body }) => ({ id, seq, body }))
    if (isReset) this.resets++
    this.wasReset = true
    this.moves = []
    this.#tell(seqIn(position))
  }

  resumed(position: string): void {
    if (seqIn(position) !== this.position) this.faults.push(`resumed at ${position}, was at ${this.position}`)
    this.resumes++
  }

  isBusy(): boolean {
    return this.isStalled
  }

  batch({ position, events, order }: Batch): boolean {
    if (this.isStalled) return false
    this.batches++
    if (position < this.position) this.faults.push(`${position} after ${this.position}`)
    if (events.length === 0 && !order) this.faults.push(`an empty step at ${position}`)
    const seen = new Set<Id>()
    for (const { kind, id, seq, body, row, born, dead } of events) {
      this.events++
      const at = this.entries.findIndex(entry => entry.id === id)
      const had = this.entries[at]
      const fault = (what: string): void => void this.faults.push(`${kind} of ${id} at ${position}: ${what}`)
      if (seen.has(id)) fault('twice in one step')
      seen.add(id)
      if (kind === 'enter' ? had : !had) fault(had ? 'it is there' : 'it is not there')
      if (kind !== 'change') this.moves.push({ kind, id, isOwn: kind === 'enter' ? born : dead })
      if (had) this.entries.splice(at, 1)
      if (kind === 'leave') {
        if (body !== null || row !== null) fault('shows a row that is gone')
        continue
      }
      if (body === null || row === null || row[ID] !== id) {
        fault('shows another row')
        continue
      }
      // In `latest` mode a row that left and came back meanwhile is a change.
      const isNews = had?.seq !== seq || had.body !== body || this.isDeep || this.asked.mode === 'latest'
      if (!isNews) fault('nothing changed')
      this.entries.splice(had ? at : this.entries.length, 0, { id, seq, body })
    }
    this.#arrange(order, position)
    this.#tell(position)
    return true
  }

  end(error: ApiError): void {
    this.faults.push(`it ended: ${error.code} ${error.message}`)
  }

  /** Sorts the rows by the order that was sent, or by their own values. */
  #arrange(order: readonly Id[] | null, position: number): void {
    const compare = this.#compare
    if (order) {
      const places = new Map(order.map((id, i) => [id, i]))
      if (places.size !== this.entries.length || this.entries.some(entry => !places.has(entry.id)))
        this.faults.push(`the order at ${position} is not that of the rows: ${order.join()}`)
      this.entries.sort((a, b) => places.get(a.id)! - places.get(b.id)!)
    } else if (compare) this.entries.sort((a, b) => compare(a.body, b.body))
  }

  #tell(position: number): void {
    this.position = position
    this.told.push({ position, bodies: this.bodies })
  }
}

export const keysOf = (sort: unknown): string[] => (sort === undefined ? [] : (sort as string).split(','))

const seqIn = (position: string): number => Number(position.split('.')[1])

/** Compares rows by the keys of a sort that their bodies show; null if they do not show all of them. */
function comparing(resource: Resource, sort: unknown): ((a: string, b: string) => number) | null {
  const keys = keysOf(sort).map(key => ({ name: key.replace('-', ''), isDown: key.startsWith('-') }))
  if (keys.some(({ name }) => !isStored(resource.field.get(name)))) return null
  return (a, b) => {
    const [one, other] = [JSON.parse(a), JSON.parse(b)]
    for (const { name, isDown } of keys) {
      const [x, y] = [valueOf(one[name]), valueOf(other[name])]
      // Without it nothing can be said.
      if (x === undefined || y === undefined) return 0
      if (x === y) continue
      // Null is last in both directions.
      if (x === null || y === null) return x === null ? 1 : -1
      const difference = comparedValues(x, y)
      if (difference !== 0) return isDown ? -difference : difference
    }
    return comparedValues(valueOf(one)!, valueOf(other)!)
  }
}

const isStored = (field: Field | undefined): boolean => field?.is === 'scalar' || field?.is === 'one'

/** A scalar, or the id of a related row. */
function valueOf(shown: unknown): string | number | boolean | null | undefined {
  return typeof shown === 'object' && shown !== null ? (shown as { id: Id }).id : (shown as Id)
}

function comparedValues(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return Number(a) - Number(b)
}

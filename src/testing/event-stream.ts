import { getOrThrow } from '../protocol/get-or-throw.ts'
/** An event of a stream, its data parsed as JSON. */
export interface StreamEvent {
  readonly event: string
  readonly id?: string
  readonly data: any
}

/** Reads a stream of events as WHATWG HTML §9.2.6 says, from text that comes in any pieces. */
export class EventStream {
  readonly events: StreamEvent[] = []
  readonly comments: string[] = []
  /** The positions that came without an event. */
  readonly positions: string[] = []
  retry = 0
  ended = false
  #text = ''
  #wake: () => void = () => {}

  feed(text: string): void {
    this.#text += text
    const blocks = this.#text.split('\n\n')
    this.#text = blocks.pop()!
    for (const block of blocks) this.#block(block)
    this.#wake()
  }

  end(): void {
    this.ended = true
    this.#wake()
  }

  /** Resolves when the first bytes are there. */
  async begun(): Promise<void> {
    while (this.retry === 0 && this.events.length === 0 && this.comments.length === 0 && !this.ended) await this.#more()
  }

  /** Reads the next events: `count` of them, or fewer if the stream ends. */
  async take(count: number): Promise<StreamEvent[]> {
    while (this.events.length < count && !this.ended) await this.#more()
    if (this.events.length === 0) throw new Error('the stream has ended')
    return this.events.splice(0, count)
  }

  #more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }

  #block(block: string): void {
    const fields = new Map<string, string>()
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
      if (name === '') this.comments.push(line)
      else fields.set(name, value)
    }
    if (fields.has('retry')) this.retry = Number(fields.get('retry'))
    const id = fields.get('id')
    if (!fields.has('data')) {
      if (id !== undefined) this.positions.push(id)
      return
    }
    const data: unknown = JSON.parse(getOrThrow(fields, 'data'))
    this.events.push({ event: getOrThrow(fields, 'event'), data, ...(id === undefined ? {} : { id }) })
  }
}

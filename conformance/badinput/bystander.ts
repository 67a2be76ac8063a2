import { NativeClient } from '../../src/testing/native-client.ts'
import { isObject } from '../object.ts'

/** A client that follows todos of its own and writes them, on a connection of its own, while others misbehave. */
export class Bystander {
  readonly #client: NativeClient
  readonly #made: unknown[] = []

  private constructor(client: NativeClient) {
    this.#client = client
  }

  static async join(port: number, token: string): Promise<Bystander> {
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`, { authorization: `Bearer ${token}` })
    client.keep = true
    const bystander = new Bystander(client)
    await client.ask({ op: 'subscribe', uri: '/todos' })
    await bystander.#write()
    return bystander
  }

  /** Writes once more; what was wrong with all that it heard: gaps, duplicates, another order, a disconnect. */
  async fault(): Promise<string | null> {
    if (this.#client.closed) return `the bystander was disconnected (${this.#client.closed.code})`
    await this.#write()
    const heard = this.#client.all.flatMap(frame =>
      isObject(frame) && Array.isArray(frame['events']) ? frame['events'] : [],
    )
    const ids = heard.map(event => (isObject(event) ? event['id'] : event))
    return JSON.stringify(ids) === JSON.stringify(this.#made)
      ? null
      : `the bystander wrote ${JSON.stringify(this.#made)} and heard of ${JSON.stringify(ids)}`
  }

  leave(): void {
    this.#client.cut()
  }

  async #write(): Promise<void> {
    const title = `of the bystander ${this.#made.length}`
    const { status, data } = await this.#client.ask({ op: 'create', uri: '/todos', data: { title } })
    if (status !== 201) throw new Error(`the bystander is answered ${status}`)
    this.#made.push(data.id)
    await this.#client.hear(frame => frame.events?.some((event: { id: unknown }) => event.id === data.id))
  }
}

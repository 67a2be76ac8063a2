// A server for the tests of the client, and clients that end with the test.
import { onTestFinished } from 'vitest'
import { client, type Client, type ClientOptions } from '../../src/client/index.ts'
import type { Api } from '../../src/index.ts'
import { served } from '../speakers.ts'

/** Serves an API for the rest of the test. Gives its URL. */
export async function urlOf(app: Api<any>): Promise<string> {
  return `http://127.0.0.1:${await served(app)}`
}

/** A client for the rest of the test. */
export function clientAt<A>(url: string, options: ClientOptions = {}): Client<A> {
  const made = client<A>(url, options)
  onTestFinished(() => (made as { $close(): void }).$close())
  return made
}

import { client } from '../../../src/client/index.ts'
import { localTokens } from '../../../src/client/tokens.ts'
import type { Row } from '../../../src/index.ts'
import type { App } from '../app.ts'

export type Board = Row<App, 'board'>
export type Card = Row<App, 'card'>
export type Column = Row<App, 'column'>
export type User = Row<App, 'user'>

/** Tokens stay when the page is closed, and all tabs have the same ones. */
const tokens = localTokens()

export const api = client<App>(location.origin, { tokens })

/** The id of the user who is logged in: the subject of the token. */
export function currentUser(): number | null {
  const [, claims] = tokens.get()?.access_token.split('.') ?? []
  if (claims === undefined) return null
  return Number((JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { readonly sub: string }).sub)
}

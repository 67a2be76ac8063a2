import type { OuterHooks } from '../../engine/actions/request-hooks.ts'
import { reply } from '../../engine/call/reply.ts'
import type { TokenAuth } from './token-auth.ts'

/**
 * The hooks that connect tokens and actions. Before an action runs, `ctx.token` gets the caller's claims. The claims that it
 * leaves there, if they are new or in their second half, go out with the answer as a token. The application's own hooks run
 * inside of these.
 */
export function tokenHooks({ tokenOf, issue }: Pick<TokenAuth, 'tokenOf' | 'issue'>): Required<OuterHooks> {
  return {
    before: ctx => {
      const token = tokenOf(ctx.me)
      if (token) ctx.token = token
    },
    after: async (answer, ctx) => {
      const issued = await issue(ctx.token)
      if (!issued) return answer
      const headers: Record<string, string | readonly string[]> = { ...answer.headers }
      for (const [name, value] of issued.headers) {
        const there = headers[name.toLowerCase()]
        headers[name.toLowerCase()] = there === undefined ? value : [there, value].flat()
      }
      return reply(answer.value, { status: answer.status, headers })
    },
  }
}

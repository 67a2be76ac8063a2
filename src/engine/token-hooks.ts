import type { TokenAuth } from '../auth/token-auth.ts'
import type { ActionContext } from '../model/action-context.ts'
import type { Principal } from './call.ts'
import type { After, Before } from './hooks.ts'
import { reply, type ReplyHeaders } from './reply.ts'

/**
 * How restaction's authentication meets actions: before they run `ctx.token` has the claims of the caller; a token that
 * they leave there, new or in its second half, goes out with the answer.
 */
export function tokenHooks(auth: TokenAuth): { readonly before: Before; readonly after: After } {
  return {
    before: ctx => {
      const token = auth.tokenOf(ctx.me as Principal | null)
      if (token) ctx.token = token
    },
    after: async (answer, ctx: ActionContext) => {
      const issued = await auth.issue(ctx.token)
      if (!issued) return answer
      const headers: Record<string, string | readonly string[]> = { ...answer.headers }
      for (const [name, value] of issued.headers) {
        const there = headers[name.toLowerCase()]
        headers[name.toLowerCase()] = there === undefined ? value : [there, value].flat()
      }
      return reply(answer.value, { status: answer.status, headers: headers as ReplyHeaders })
    },
  }
}

/** The exports for users of restaction: `restuary/restaction`. */
export {
  defineValidator,
  invalid,
  patternValidator,
  type ValidatorOptions,
} from './text/validators/define-validator.ts'
export type { Validators } from './text/validator.ts'
export { tokenAuth, type TokenAuth, type TokenAuthOptions } from './token-auth.ts'
export type { Meta, Roles, TokenAuthMeta } from './roles.ts'

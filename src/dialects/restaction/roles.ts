import { readFileSync } from 'node:fs'
import { ApiError } from '../../protocol/error.ts'

/** Which role may call which actions of which resources: `{ admin: { user: ['get', 'post_login'] } }`. */
export type Roles = Record<string, Record<string, readonly string[]>>

/** `$auth` in restaction's meta file. */
export interface TokenAuthMeta {
  /**
   * The header field for the token, in requests and answers. null = the token is not sent in a header field. Default:
   * `Authorization`.
   */
  readonly header?: string | null
  /** The name of a cookie for the token. null = no cookie. Default: null. */
  readonly cookie?: string | null
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512'
  /** How long a token is valid, in seconds. Default: 3600. */
  readonly expiration?: number
  /** Whether a token in the second half of its lifetime is replaced. Default: true. */
  readonly refresh?: boolean
}

/** What restaction's meta file says about authentication. Other members are allowed. */
export interface Meta {
  readonly $auth?: TokenAuthMeta
  /** Roles. They are read again for each request, so they may be changed. */
  $roles?: Roles
}

/** Reads a meta file, which is JSON. */
export function readMeta(meta: Meta | string): Meta {
  return typeof meta === 'string' ? (JSON.parse(readFileSync(meta, 'utf8')) as Meta) : meta
}

/** Whether a role may call an action. There are no wildcards and no inheritance: what is not listed is denied. */
function isPermitted(roles: Roles | undefined, role: string, resource: string, action: string): boolean {
  const resources = own(roles, role)
  const actions = own(resources, resource)
  return Array.isArray(actions) && (actions as readonly string[]).includes(action)
}

/** Throws ApiError in the words of restaction if a role may not call an action. */
export function checkRole(roles: Roles | undefined, role: string, resource: string, action: string): void {
  if (isPermitted(roles, role, resource, action)) return
  throw new ApiError('forbidden', { error: 'PermissionDeny', detail: `${role} can't access ${resource}.${action}` })
}

function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined
}

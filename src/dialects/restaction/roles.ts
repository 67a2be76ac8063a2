import { readFileSync } from 'node:fs'
import { ApiError } from '../../protocol/error.ts'

/** Which role may call which actions of which resource: `{ admin: { user: ['get', 'post_login'] } }`. */
export type Roles = Record<string, Record<string, readonly string[]>>

/** `$auth` of restaction's meta file. */
export interface TokenAuthMeta {
  /** Where the token comes and goes; null = not in a header. Default `Authorization`. */
  readonly header?: string | null
  /** Name of a cookie beside it; null = none. Default null. */
  readonly cookie?: string | null
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512'
  /** Seconds. Default 3600. */
  readonly expiration?: number
  /** A token in its second half is replaced by a new one. Default true. */
  readonly refresh?: boolean
}

/** What restaction's meta file says of authentication; other members are for others. */
export interface Meta {
  readonly $auth?: TokenAuthMeta
  /** Looked at anew for each request, so that it may change. */
  $roles?: Roles
}

/** A meta file: JSON. */
export function readMeta(meta: Meta | string): Meta {
  return typeof meta === 'string' ? (JSON.parse(readFileSync(meta, 'utf8')) as Meta) : meta
}

/** Neither a wildcard nor inheritance: what is not named is denied. */
function isPermitted(roles: Roles | undefined, role: string, resource: string, action: string): boolean {
  const resources = own(roles, role)
  const actions = own(resources, resource)
  return Array.isArray(actions) && (actions as readonly string[]).includes(action)
}

/** Throws the refusal in restaction's words. */
export function checkRole(roles: Roles | undefined, role: string, resource: string, action: string): void {
  if (isPermitted(roles, role, resource, action)) return
  throw new ApiError('forbidden', { error: 'PermissionDeny', detail: `${role} can't access ${resource}.${action}` })
}

function own<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined
}

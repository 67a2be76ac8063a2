/** Methods that change nothing (RFC 9110 §9.2.1, RFC 10008). */
export function isSafeMethod(method: string | undefined): boolean {
  return isGet(method) || method === 'OPTIONS' || method === 'QUERY'
}

/** GET and HEAD, which are answered alike but for the body. */
export function isGet(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD'
}

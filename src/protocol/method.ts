/** Whether a method changes nothing (RFC 9110 §9.2.1, RFC 10008). */
export function isSafeMethod(method: string | undefined): boolean {
  return isGet(method) || method === 'OPTIONS' || method === 'QUERY'
}

/** Whether a method is GET or HEAD, whose answers differ only in the body. */
export function isGet(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** The methods that change nothing (RFC 9110 §9.2.1, RFC 10008). */
export const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY'])

/** Whether a method is GET or HEAD, whose answers differ only in the body. */
export function isGet(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD'
}

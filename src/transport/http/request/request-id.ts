/** An id that a client gave its request may be echoed and logged only if it is this plain. */
export function isRequestId(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text)
}

/** Whether a client's request id may be echoed and logged: only plain characters, so that it cannot forge log lines. */
export function isRequestId(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text)
}

/**
 * The prefix of all paths of an API as it is put before them: without slashes at its end, since each path begins with one.
 * `/v1/` and `/v1` are the same, and so are `/` and nothing.
 */
export function pathPrefix(given: string | undefined): string {
  return (given ?? '').replace(/\/+$/, '')
}

/** A URI with one slash in front: how many a client writes makes no difference. */
export function slashed(uri: string): string {
  return `/${uri.replace(/^\/+/, '')}`
}

/** The list that an item is in: everything up to its last slash. */
export function parentOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/') + 1)
}

/** What the converters of a rule take, in regular expressions. */
const converters: Readonly<Record<string, (argument: string) => string>> = {
  int: () => '\\d+',
  float: () => '\\d+\\.\\d+',
  path: () => '.+',
  uuid: () => '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
  any: argument =>
    `(?:${argument
      .split(',')
      .map(one => one.trim())
      .join('|')})`,
  string: argument => {
    const length = /length=(\d+)/.exec(argument)?.[1]
    return length === undefined ? '[^/]+' : `[^/]{${length}}`
  },
}

/** Whether a rule of the original's router takes a URI. */
export function matches(rule: string, uri: string): boolean {
  const pattern = rule.replaceAll(
    /<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>|[.*+?^${}()|[\]\\]/g,
    (part, name: string, argument = '') =>
      part.startsWith('<') ? (converters[name ?? 'string'] ?? (() => '[^/]+'))(String(argument)) : `\\${part}`,
  )
  return new RegExp(`^${pattern}$`).test(slashed(uri))
}

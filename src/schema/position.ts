/** Keys joined by dots, indexes in brackets: `user.tags[1]`; `[]` is any index. Empty for no keys at all. */
export function positionOf(path: readonly (string | number)[]): string {
  let out = ''
  for (const segment of path) {
    if (typeof segment === 'number') out += `[${segment}]`
    else if (segment === '[]' || out === '') out += segment
    else out += `.${segment}`
  }
  return out
}

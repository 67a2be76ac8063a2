/**
 * Writes a path: keys are joined by dots, indexes are in brackets, as in `user.tags[1]`. `[]` means any index. An empty path is
 * an empty text.
 */
export function positionOf(path: readonly (string | number)[]): string {
  let out = ''
  for (const segment of path) {
    if (typeof segment === 'number') out += `[${segment}]`
    else if (segment === '[]' || out === '') out += segment
    else out += `.${segment}`
  }
  return out
}

/** Why a declared pattern may take exponential time on some text, or null. */
export function patternFault(pattern: RegExp): string | null {
  return /\([^)]*[+*][^)]*\)[+*{]/.test(pattern.source) ? 'which repeats a repetition' : null
}

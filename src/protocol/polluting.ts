const names: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether a name reaches the prototype of an object. No member of a request may be called so. */
export function isPolluting(name: string): boolean {
  return names.has(name)
}

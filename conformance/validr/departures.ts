import type { Expect, SchemaCase } from './validr.ts'

/** Where a schema text means something else here than to the recorded ancestor; null = it does not speak of the case. */
interface Departure {
  readonly id: string
  readonly why: string
  rewrite(one: SchemaCase, expected: Expect): Expect | null
}

export const departures: readonly Departure[] = [
  {
    id: 'wide-keys',
    why: 'Names of fields may hold spaces, dots, hyphens and digits, as in its older versions and its manual (§1.8)',
    rewrite: one => (/^.*[ .-].*\?|^\d/.test(keyOf(one)) ? (older(one) ?? null) : null),
  },
  {
    id: 'bounds-are-numbers',
    why: 'A bound of a wrong type stops the start instead of failing every request (§1.3)',
    rewrite: one => (/^int\(?(&min=)?"/.test(String(one.schema)) ? { schemaError: '', messageExact: false } : null),
  },
  {
    id: 'safe-integers',
    why: 'Integers end where JSON numbers cease to be exact, not at 64 bits (§6)',
    rewrite: (_, e) => {
      const error = e.error?.replace('9223372036854775807', String(Number.MAX_SAFE_INTEGER))
      return error === undefined || error === e.error ? null : { ...e, error }
    },
  },
  {
    id: 'no-nan',
    why: 'JSON has no NaN (§6)',
    rewrite: (one, e) => ('ok' in e && one.value === 'nan' ? { error: 'invalid float', position: '' } : null),
  },
]

function keyOf({ schema }: SchemaCase): string {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema) ? (Object.keys(schema)[0] ?? '') : ''
}

/** What 0.12.1 did, if it did not fail. */
function older(one: SchemaCase): Expect | undefined {
  const expect = one['validr-0.12.1']
  return expect && !('schemaError' in expect) ? expect : undefined
}

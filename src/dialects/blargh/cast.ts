import { defineMode, type Conversions, type InputMode } from '../../schema/read/input-mode.ts'

/**
 * The reversible casts of blargh: a value of another type is converted if converting it back gives the same value. The results
 * follow Python, where true is 1 and its text is "True". A value that cannot be cast is left to the check, which refuses it.
 */
const conversions: Conversions = {
  id: (value, { key }) => (key === 'integer' ? toInteger(value) : toText(value)),
  integer: toInteger,
  number: toNumber,
  bool: value => (value === 1 || value === 'True' ? true : value === 0 ? false : value),
  text: toText,
  email: toText,
  url: toText,
  password: toText,
  enum: toText,
  list: value => (isEmptyObject(value) ? [] : value),
  json: (value, { options }) =>
    options['shape'] === 'object' && Array.isArray(value) && value.length === 0 ? {} : value,
}

/** How blargh reads the bodies of requests: `api(…, { input: 'cast' })`. */
export const cast: InputMode = defineMode('cast', conversions, {
  readonly: 'refuse',
  readonlyIsOneSided: true,
  looseRelations: true,
  readsDefaults: true,
  letsApplicationSetAll: false,
  letsBodyNameOwnRows: false,
})

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}

function toInteger(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && /^(?:0|-?[1-9][0-9]*)$/.test(value) ? Number(value) : value
}

function toNumber(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string' || value === '') return value
  const number = Number(value)
  return Number.isFinite(number) && floatText(number) === value ? number : value
}

/** False is not converted: its text "False" would become true when converted back. */
function toText(value: unknown): unknown {
  if (value === true) return 'True'
  if (typeof value !== 'number') return value
  return Number.isSafeInteger(value) ? String(value) : floatText(value)
}

/** Writes a number as Python writes a float: `1.0`, `1e+16`, `1e-05`. */
function floatText(value: number): string {
  const [digits, power] = value.toExponential().split('e') as [string, string]
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16)
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  const text = Object.is(value, -0) ? '-0' : Math.abs(value) < 1e-6 ? value.toFixed(-exponent) : String(value)
  return Number.isInteger(value) ? `${text}.0` : text
}

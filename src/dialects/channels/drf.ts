import { defineMode, type Conversions, type InputMode } from '../../schema/read/input-mode.ts'
import { plainDigits } from '../../schema/read/plain-digits.ts'

const TRUE: ReadonlySet<unknown> = new Set([
  true,
  1,
  '1',
  't',
  'T',
  'y',
  'Y',
  'yes',
  'Yes',
  'YES',
  'true',
  'True',
  'TRUE',
  'on',
  'On',
  'ON',
])
const FALSE: ReadonlySet<unknown> = new Set([
  false,
  0,
  '0',
  'f',
  'F',
  'n',
  'N',
  'no',
  'No',
  'NO',
  'false',
  'False',
  'FALSE',
  'off',
  'Off',
  'OFF',
])
const WHOLE = /^[+-]?[0-9]{1,1000}(?:\.0*)?$/
const FLOAT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

/**
 * The conversions of Django REST framework's fields: numbers become text, and texts become numbers and booleans. A value that
 * cannot be converted is left to the check, which refuses it.
 */
const conversions: Conversions = {
  id: (value, { key }) =>
    key === 'integer' || key === 'bigint' ? toInteger(value) : key === 'uuid' ? toUuid(value) : toText(value),
  integer: toInteger,
  number: toNumber,
  decimal: value => (typeof value === 'string' ? toDigits(value.trim()) : value),
  bool: value => (TRUE.has(value) ? true : FALSE.has(value) ? false : value),
  text: toText,
  email: toText,
  url: toText,
  password: toText,
  enum: toText,
  datetime: value => (typeof value === 'string' ? toMoment(value) : value),
}

/** How the envelope reads bodies: like serializers of Django REST framework, which ignore unknown members. */
export const drf: InputMode = defineMode('drf', conversions, {
  unknown: 'ignore',
  readonly: 'ignore',
  nullIsDefault: false,
})

function toInteger(value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim() : ''
  return WHOLE.test(text) ? Number(text) : value
}

function toNumber(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value)
  const text = typeof value === 'string' ? value.trim() : ''
  return FLOAT.test(text) ? Number(text) : value
}

/** Takes exact digits from the text. Only a text with an exponent is converted through a number. */
function toDigits(text: string): string {
  const match = /^\+?(-?)0*([0-9]+)(?:\.([0-9]*))?$/.exec(text)
  if (match) return match[1]! + match[2]! + (match[3] ? `.${match[3]}` : '')
  return FLOAT.test(text) && Number.isFinite(Number(text)) ? plainDigits(Number(text)) : text
}

/** Django REST framework does not accept booleans as text. */
function toText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}

function toUuid(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[0-9a-fA-F]{32}$/.test(value)) return value
  return value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Reads ISO 8601 with a space in place of the T, without seconds, or without a time zone, which then is UTC. */
function toMoment(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})[ Tt](\d{2}:\d{2})(:\d{2}(?:[.,]\d+)?)?\s*([Zz]|[+-]\d{2}:?\d{2})?$/.exec(
    text.trim(),
  )
  if (!match) return text
  const zone = (match[4] ?? 'Z').replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')
  return `${match[1]}T${match[2]}${(match[3] ?? ':00').replace(',', '.')}${zone}`
}

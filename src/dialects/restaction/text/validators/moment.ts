import { momentFormat, type Moment, type MomentFormat } from './format.ts'
import { noteRefusal } from '../report.ts'
import type { JsonSchema } from '../../../../schema/json-schema.ts'
import type { Parameters, Validator } from '../validator.ts'

type Part = 'date' | 'time' | 'datetime'

interface Kind {
  readonly format: string
  /** The JSON Schema of the default format, for documents. */
  readonly known: JsonSchema | null
  readonly cut: (moment: Moment) => Moment
}

const midnight = { hour: 0, minute: 0, second: 0, microsecond: 0 }
const firstDay = { year: 1900, month: 1, day: 1 }

const kinds: Readonly<Record<Part, Kind>> = {
  date: { format: '%Y-%m-%d', known: { format: 'date' }, cut: moment => ({ ...moment, ...midnight }) },
  // RFC 3339 has no time of day without an offset, so no format of JSON Schema fits.
  time: { format: '%H:%M:%S', known: null, cut: moment => ({ ...moment, ...firstDay }) },
  datetime: { format: '%Y-%m-%dT%H:%M:%S.%fZ', known: { format: 'date-time' }, cut: moment => moment },
}

export const dateValidator: Validator = validatorOf('date')
export const time: Validator = validatorOf('time')
export const datetimeValidator: Validator = validatorOf('datetime')

/** Makes text in a format, from such text or from a native object: Date (read as UTC) and the plain types of Temporal. */
function validatorOf(part: Part): Validator {
  const kind = kinds[part]
  let compiled: MomentFormat | null = null
  const usual = (): MomentFormat => (compiled ??= momentFormat(kind.format))
  const formatOf = (params: Parameters): string =>
    typeof params['format'] === 'string' ? params['format'] : kind.format
  return {
    string: true,
    params: { format: 'text' },
    check(params) {
      const format = params['format'] === undefined ? usual() : momentFormat(formatOf(params))
      return (value, report) => {
        const moment = typeof value === 'string' ? format.parse(value) : native(part, value)
        return moment === null ? noteRefusal(report, `invalid ${part}`) : format.print(kind.cut(moment))
      }
    },
    schema(params) {
      const format = formatOf(params)
      const known = format === kind.format ? kind.known : null
      return { type: 'string', ...(known ?? { pattern: momentFormat(format).pattern }) }
    },
  }
}

const temporal: Readonly<Record<Part, readonly string[]>> = {
  date: ['[object Temporal.PlainDate]', '[object Temporal.PlainDateTime]'],
  time: ['[object Temporal.PlainTime]', '[object Temporal.PlainDateTime]'],
  datetime: ['[object Temporal.PlainDateTime]'],
}

/** The moment in a native object. JSON values are never mistaken for one, because the tags of Temporal are symbols. */
function native(part: Part, value: unknown): Moment | null {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime()) || value.getUTCFullYear() < 1 || value.getUTCFullYear() > 9999) return null
    return {
      year: value.getUTCFullYear(),
      month: value.getUTCMonth() + 1,
      day: value.getUTCDate(),
      hour: value.getUTCHours(),
      minute: value.getUTCMinutes(),
      second: value.getUTCSeconds(),
      microsecond: value.getUTCMilliseconds() * 1000,
    }
  }
  if (!temporal[part].includes(Object.prototype.toString.call(value))) return null
  const plain = value as Partial<Moment> & { readonly millisecond?: number }
  const { year = 1900, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0, microsecond = 0 } = plain
  return { year, month, day, hour, minute, second, microsecond: millisecond * 1000 + microsecond }
}

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalDatetime, printDatetime } from './datetime.ts'

test.each([
  ['2024-01-02T03:04:05.000Z', '2024-01-02T03:04:05Z'],
  ['2024-01-02T03:04:05.500Z', '2024-01-02T03:04:05.5Z'],
  ['2024-01-02T03:04:05.120Z', '2024-01-02T03:04:05.12Z'],
  ['2024-01-02T03:04:05.007Z', '2024-01-02T03:04:05.007Z'],
  ['2024-01-02T03:04:00.000Z', '2024-01-02T03:04:00Z'],
  ['what a foreign table holds', 'what a foreign table holds'],
])('%s is shown as %s', (canonical, shown) => expect(printDatetime(canonical)).toBe(shown))

const moment = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})

test('a shown value is read as the same moment', () => {
  fc.assert(
    fc.property(moment, date => {
      expect(canonicalDatetime(printDatetime(date.toISOString()))).toBe(date.toISOString())
    }),
  )
})

test('canonical texts sort like their moments, whatever zone they were written in', () => {
  const offset = fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  const inside = moment.filter(date => date.getUTCFullYear() > 0 && date.getUTCFullYear() < 9999)
  const written = fc.tuple(inside, offset).map(([date, [sign, hours, minutes]]) => {
    const local = new Date(date.getTime() + (sign === '+' ? 1 : -1) * (hours * 60 + minutes) * 60_000)
    const zone = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
    return [date.getTime(), local.toISOString().replace('Z', zone)] as const
  })
  fc.assert(
    fc.property(written, written, ([a, x], [b, y]) => {
      const [p, q] = [canonicalDatetime(x) as string, canonicalDatetime(y) as string]
      expect(p < q ? -1 : p > q ? 1 : 0).toBe(Math.sign(a - b))
    }),
  )
})

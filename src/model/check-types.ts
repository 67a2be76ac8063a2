import { defaultLimits } from '../protocol/limits.ts'
import type { ScalarType, TextType } from '../schema/field.ts'
import { coerce, Refused } from '../schema/coerce.ts'
import { patternFault } from '../schema/pattern.ts'
import type { Note } from './faults.ts'

/** Checks the bounds of a type; true if values can be checked against it. */
export function checkType(place: string, type: ScalarType, note: Note): boolean {
  let sound = true
  const fault: Note = (place, problem, fix) => {
    sound = false
    note(place, problem, fix)
  }
  switch (type.type) {
    case 'text':
    case 'email':
    case 'url':
    case 'password':
      checkText(place, type, fault)
      break
    case 'number':
    case 'integer':
      for (const bound of ['min', 'max'] as const) {
        const value = type[bound]
        if (value !== undefined && coerce('json', { type: type.type }, value) instanceof Refused)
          fault(
            place,
            `has ${value} as its ${bound}`,
            type.type === 'integer' ? 'give a whole number' : 'give a number',
          )
      }
      checkOrder(place, type.min, type.max, fault)
      break
    case 'decimal':
      checkDecimal(place, type, fault)
      break
    case 'date':
    case 'datetime':
      checkMoments(place, type, fault)
      break
    case 'enum':
      if (type.values.length === 0) fault(place, 'has no values to choose from', 'name them in t.enum([…])')
      for (const value of new Set(type.values.filter((value, i) => type.values.indexOf(value) !== i)))
        fault(place, `has the value "${value}" twice`, 'name it once')
      break
    case 'bytes':
      checkLength(place, 'max', type.max, fault)
      break
    case 'list':
      checkLength(place, 'min', type.min, fault)
      checkLength(place, 'max', type.max, fault)
      checkOrder(place, type.min, type.max, fault)
      if (type.item?.type === 'password') fault(place, 'is a list of passwords', 'keep them in a resource of their own')
      else if (type.item) checkType(place, type.item, fault)
      break
    case 'id':
    case 'bool':
    case 'json':
  }
  return sound
}

function checkText(place: string, type: TextType, note: Note): void {
  checkLength(place, 'min', type.min, note)
  checkLength(place, 'max', type.max, note)
  checkOrder(place, type.min, type.max, note)
  if (!type.pattern) return
  if (type.pattern.global || type.pattern.sticky)
    note(
      place,
      `has a pattern with the flag "${type.pattern.global ? 'g' : 'y'}", which remembers where it stopped`,
      'take the flag away',
    )
  const slow = patternFault(type.pattern, type.max ?? defaultLimits.text)
  if (slow) note(place, `has the pattern ${type.pattern}, ${slow.problem}`, slow.fix)
}

function checkLength(place: string, word: string, value: number | undefined, note: Note): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
    note(place, `has ${value} as its ${word}`, 'give a whole number that is not negative')
}

function checkOrder(place: string, min: number | undefined, max: number | undefined, note: Note): void {
  if (min !== undefined && max !== undefined && min > max)
    note(place, `has a min of ${min} above its max of ${max}`, 'swap them')
}

function checkDecimal(place: string, type: ScalarType & { type: 'decimal' }, note: Note): void {
  const { digits, places, min, max } = type
  if (!(Number.isInteger(digits) && digits >= 1 && digits <= 18)) {
    // A scaled decimal is a 64-bit integer in SQLite (DECISIONS B15).
    note(place, `has ${digits} digits`, 'give 1 to 18')
    return
  }
  if (!(Number.isInteger(places) && places >= 0 && places <= digits)) {
    note(place, `has ${places} places of ${digits} digits`, `give 0 to ${digits}`)
    return
  }
  const free = { type: 'decimal', digits, places } as const
  const bounds = Object.entries({ min, max }).filter(([, value]) => value !== undefined)
  const wrong = bounds.filter(([, value]) => coerce('json', free, value) instanceof Refused)
  for (const [word, value] of wrong)
    note(place, `has ${value} as its ${word}`, `give a decimal of ${digits} digits, ${places} of them places`)
  if (
    wrong.length === 0 &&
    min !== undefined &&
    max !== undefined &&
    coerce('json', { ...free, min }, max) instanceof Refused
  )
    note(place, `has a min of ${min} above its max of ${max}`, 'swap them')
}

function checkMoments(place: string, type: ScalarType & { type: 'date' | 'datetime' }, note: Note): void {
  const { after, before } = type
  const bounds = Object.entries({ after, before }).filter(([, value]) => value !== undefined)
  const wrong = bounds.filter(([, value]) => coerce('json', { type: type.type }, value) instanceof Refused)
  const like = type.type === 'date' ? '2026-01-31' : '2026-01-31T12:00:00Z'
  for (const [word, value] of wrong) note(place, `has "${value}" as its ${word}`, `write it like ${like}`)
  if (
    wrong.length === 0 &&
    after !== undefined &&
    before !== undefined &&
    coerce('json', { type: type.type, after }, before) instanceof Refused
  )
    note(place, `must be after ${after} and before ${before}`, 'swap them')
}

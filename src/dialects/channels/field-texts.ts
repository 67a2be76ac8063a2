import type { Issue } from '../../protocol/error.ts'
import type { Resource } from '../../model/model.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'

/** The message of Django REST framework 3.14 for a value that does not fit its field. */
export function fieldText(resource: Resource, name: string, issue: Issue, value: unknown): string {
  const field = resource.field.get(name)
  switch (issue.code) {
    case 'required':
      return value === null ? 'This field may not be null.' : 'This field is required.'
    case 'unique':
      return `${resource.name} with this ${name} already exists.`
    case 'reference':
      return `Invalid pk ${JSON.stringify(value)} - object does not exist.`
    case 'check':
      return issue.detail
    case 'type':
    case 'format':
    case 'enum':
    case 'length':
    case 'range':
      return (field?.type && valueText(field.type, issue, value)) ?? sentence(issue.detail)
    default:
      return sentence(issue.detail)
  }
}

function valueText(type: ScalarType, issue: Issue, value: unknown): string | null {
  switch (type.name) {
    case 'text':
    case 'email':
    case 'url':
    case 'password':
      return textText(type, issue, value)
    case 'id':
      if (type.key === 'uuid') return 'Must be a valid UUID.'
      return type.key === 'integer' || type.key === 'bigint'
        ? 'A valid integer is required.'
        : value === ''
          ? BLANK
          : 'Not a valid string.'
    case 'integer':
      return issue.code === 'range' ? rangeText(type.options, value) : 'A valid integer is required.'
    case 'number':
      return issue.code === 'range' ? rangeText(type.options, value) : 'A valid number is required.'
    case 'decimal':
      if (issue.code !== 'range' && issue.code !== 'length') return 'A valid number is required.'
      return null
    case 'bool':
      return 'Must be a valid boolean.'
    case 'date':
      return 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.'
    case 'datetime':
      return (
        'Datetime has wrong format. Use one of these formats instead: ' +
        'YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].'
      )
    case 'enum':
      return `"${textOf(value)}" is not a valid choice.`
    case 'list':
      return Array.isArray(value) ? null : `Expected a list of items but got type "${pythonType(value)}".`
    default:
      return null
  }
}

interface Bounds {
  readonly min?: number
  readonly max?: number
}

const BLANK = 'This field may not be blank.'

function textText(type: ScalarType, issue: Issue, value: unknown): string | null {
  if (value === '') return BLANK
  if (issue.code === 'type') return 'Not a valid string.'
  if (issue.code === 'length') {
    const { min, max } = type.options as Bounds
    const length = Array.from(textOf(value)).length
    if (max !== undefined && length > max) return `Ensure this field has no more than ${max} characters.`
    if (min !== undefined && length < min) return `Ensure this field has at least ${min} characters.`
    return null
  }
  if (type.name === 'email') return 'Enter a valid email address.'
  return type.name === 'url' ? 'Enter a valid URL.' : null
}

function rangeText({ min, max }: Bounds, value: unknown): string | null {
  const number = Number(value)
  if (max !== undefined && number > max) return `Ensure this value is less than or equal to ${max}.`
  if (min !== undefined && number < min) return `Ensure this value is greater than or equal to ${min}.`
  return null
}

/** The Python name for the type of a body that is no object. */
export function pythonType(value: unknown): string {
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (Array.isArray(value)) return 'list'
  return value === null ? 'NoneType' : 'dict'
}

/** A value in a sentence. `String` would call a `toString` that the client has sent. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))
const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

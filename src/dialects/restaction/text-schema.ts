import type { Issue } from '../../protocol/error.ts'
import type { IssueCode } from '../../protocol/codes.ts'
import { Rejected, type Schema } from '../../schema/schema.ts'
import { toJsonSchema } from './text/json-schema.ts'
import type { Invalid } from './text/report.ts'
import { compileText, type TextSchemaOptions, type Validate } from './text/text.ts'

/** The most faults that one answer reports. */
const MOST = 100

/** A schema text. Values are always converted by the rules of validr, whatever their source. Throws SchemaError. */
export function textSchema(declared: unknown, options: TextSchemaOptions = {}): Schema {
  const validate = compileText(declared, options) as Validate
  const check = (value: unknown): unknown => {
    const result = validate(value, MOST)
    return result.ok
      ? result.value
      : new Rejected(result.errors.map(issueOf), { error: 'InvalidData', detail: result.errors[0]!.text })
  }
  return { kind: 'notation', declared, input: check, output: check, json: () => toJsonSchema(declared, options) }
}

function issueOf({ message, pointer }: Invalid): Issue {
  return { code: codeOf(message), pointer: `#${pointer.split('/').map(encodeURIComponent).join('/')}`, detail: message }
}

/** The code for a message. The built-in validators use a few fixed messages. */
function codeOf(message: string): IssueCode {
  if (message === 'required') return 'required'
  if (message === 'not unique') return 'unique'
  if (message === 'not list' || /^(invalid (int|bool|float|string)|value must be string)$/.test(message)) return 'type'
  if (message.startsWith('invalid ')) return 'format'
  if (/^value must [<>]/.test(message)) return 'range'
  return / length must /.test(message) ? 'length' : 'check'
}

import { stringValidator } from './define-validator.ts'
import type { Validator } from '../validator.ts'

// All patterns in this file take time linear in the length of the text. Nested repetitions are separated by a dot, and a host
// ends at an `@`, where the next one may begin.
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const emailText = new RegExp(`^[A-Za-z0-9.!#$%&'*+/=?^_\`{|}~-]+@${label}(?:\\.${label})*$`)
const ipv4Text = new RegExp(`^${octet}(?:\\.${octet}){3}$`)

const letters = 'a-z\\u00a1-\\uffff'
const hostLabel = `[${letters}0-9](?:[${letters}0-9-]*[${letters}0-9])?`
/** Any character except a space may follow the last label. This is a bug of the original, which users' data may depend on. */
const hostName = `(?:${hostLabel}\\.)+[${letters}]{2,}\\S?`
const reserved = '10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(?:1[6-9]|2\\d|3[01])\\.'
const publicAddress =
  `(?!${reserved})(?:22[0-3]|2[01]\\d|1\\d\\d|[1-9]\\d?)(?:\\.${octet}){2}` +
  '\\.(?:25[0-4]|2[0-4]\\d|1\\d\\d|[1-9]\\d?)'
const authority = new RegExp(`(?:${publicAddress}|${hostName})(?::\\d{2,5})?(?=[/?#]|$)`, 'uy')
const scheme = /^(?:https?:|ftp:)?\/\//

export const emailValidator: Validator = stringValidator('email', value => emailText.test(value), { format: 'email' })

export const ipv4: Validator = stringValidator('ipv4', value => ipv4Text.test(value), { format: 'ipv4' })

export const ipv6: Validator = stringValidator('ipv6', isIpv6, { format: 'ipv6' })

/** Only public hosts. The scheme may be missing, but not its slashes. */
export const urlValidator: Validator = stringValidator('url', isUrl, { format: 'uri-reference' })

/** Mobile phone numbers of China. */
export const phone: Validator = patterned(
  'phone',
  /^(?:(?:\+?86)?1(?:3\d|4[57]|5[0-35-9]|7[6-8]|8\d)\d{8}|170[059]\d{7})$/,
)

/** Identity cards of China. The original accepts a bar as last character. We do too, and it is recorded. */
export const idcard: Validator = patterned('idcard', /^(?:\d{17}[\dxX|]|\d{15})$/)

function patterned(name: string, pattern: RegExp): Validator {
  return stringValidator(name, value => pattern.test(value), { pattern: pattern.source })
}

/** Whether a text is a URL. The host may begin after the slashes or after any `@`, before which is the user. */
function isUrl(value: string): boolean {
  const start = scheme.exec(value)?.[0].length
  if (start === undefined || /\s/.test(value)) return false
  const hostAt = (at: number): boolean => {
    authority.lastIndex = at
    return authority.test(value)
  }
  if (hostAt(start)) return true
  for (let at = value.indexOf('@', start + 1); at >= 0; at = value.indexOf('@', at + 1)) {
    if (hostAt(at + 1)) return true
  }
  return false
}

function isIpv6(value: string): boolean {
  if (value.length > 45 || value === '::') return false
  const halves = value.split('::')
  if (halves.length > 2) return false
  let groups = 0
  for (const [i, half] of halves.entries()) {
    if (half === '') continue
    const parts = half.split(':')
    for (const [j, part] of parts.entries()) {
      const last = i === halves.length - 1 && j === parts.length - 1
      if (last && ipv4Text.test(part)) groups += 2
      else if (/^[0-9a-f]{1,4}$/i.test(part)) groups++
      else return false
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}

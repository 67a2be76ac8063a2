import { brokenText } from '../read/broken-text.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import { textType, type TextTypeOptions } from './text.ts'

export function url(options: TextTypeOptions = {}): ScalarType {
  return textType('url', options, {
    schema: { type: 'string', format: 'uri' },
    example: 'https://example.com/',
    format,
    input: 'url',
  })
}

function format(text: string): Refused | null {
  return brokenText(text) ?? (isUrl(text) ? null : new Refused('format', 'must be an absolute http or https URL'))
}

/** Whether a text is a URL. The URL parser tolerates spaces, line ends and backslashes; a stored link must not need that. */
function isUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || /\p{Cc}/u.test(text)) return false
  return URL.canParse(text)
}

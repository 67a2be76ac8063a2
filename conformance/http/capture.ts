import { Unknown } from '../result.ts'
import type { WireAnswer } from '../server/wire.ts'

/** What requests and expectations are filled in with. */
export type Variables = Record<string, string | undefined>

/** A URI without its host. */
export const relative = (uri: string): string => uri.replace(/^https?:\/\/[^/]+/, '')

/** A value of an answer by the little language of `capture`. */
export function captured(source: string, answer: WireAnswer): string | undefined {
  const [kind, ...rest] = source.split(':')
  switch (kind) {
    case 'header': {
      const name = rest.join(':').toLowerCase()
      const value = answer.headers[name]
      if (value === undefined) return undefined
      return name.endsWith('location') ? relative(String(value)) : String(value)
    }
    case 'body': {
      let value: any = answer.json
      for (const key of rest.join(':').split('/').slice(1)) {
        value = value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')]
      }
      return value
    }
    case 'link':
      return linked(rest[0]!, answer)
    case 'linkparam': {
      const target = linked(rest[0]!, answer)
      const value = target === undefined ? null : new URL(target, 'http://host').searchParams.get(rest[1]!)
      return value === null ? undefined : encodeURIComponent(value)
    }
    default:
      throw new Unknown(`capture ${source}`)
  }
}

/** The target of a link relation in the `Link` field (RFC 8288 §3), made relative. */
function linked(relation: string, answer: WireAnswer): string | undefined {
  for (const [, target, parameters] of String(answer.headers['link'] ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    const relations = /rel="?([^";]*)/.exec(parameters!)?.[1] ?? ''
    if (relations.split(' ').includes(relation)) return relative(target!)
  }
  return undefined
}

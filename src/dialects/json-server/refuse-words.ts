import { ApiError, type Issue } from '../../protocol/error.ts'
import type { HttpOptions } from '../../transport/http/options.ts'
import { readParameters } from '../../transport/http/request/parameters.ts'

/** Parameters of json-server, and what to write here instead. */
const WORDS: Readonly<Record<string, string>> = {
  _sort: 'sort=title, or sort=-title for the other direction',
  _order: 'sort=-title',
  _limit: 'limit=10',
  _page: 'limit=10 and the links to further pages',
  _start: 'offset=20',
  _end: 'limit=10',
  _embed: 'include=comments',
  _expand: 'include=post',
  q: 'a condition such as title[icontains]=…',
}
const OPERATOR = /^(.+)_(gte|lte|ne|like)$/

/** Refuses parameters of json-server that are not fields, and names the option of `restuary serve` that enables them. */
export function refuseJsonServerWords(fields: ReadonlySet<string>): NonNullable<HttpOptions['services']> {
  return (_, exchange) => {
    const query = exchange.query
    if (!/[_q]/.test(query)) return null
    const issues = readParameters(query, Number.POSITIVE_INFINITY).flatMap(([name]): Issue[] => {
      const [, field, operator] = OPERATOR.exec(name) ?? []
      const here =
        WORDS[name] ?? (field === undefined ? undefined : `${field}[${operator === 'like' ? 'icontains' : operator}]=…`)
      if (here === undefined || fields.has(name)) return []
      const detail = `${name} is a word of json-server, which restuary serve understands with --json-server; here, say ${here}`
      return [{ code: 'unknown_param', parameter: name, detail }]
    })
    if (issues.length > 0) throw new ApiError('unknown_param', { issues })
    return null
  }
}

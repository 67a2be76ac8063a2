import { send, type Row, type RowPage, type Table } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'

/** Lists rows as they were at a position. This goes over HTTP, since sockets show the present. */
export function pastRows({ path }: ResourceInfo, at: string): Table['list'] {
  const read = async (query: string): Promise<RowPage> => {
    const response = await send('GET', `${path}?${query}`)
    const body = (await response.json()) as readonly Row[] & { readonly detail?: string }
    if (!response.ok) throw Object.assign(new Error(body.detail ?? response.statusText), { status: response.status })
    const total = response.headers.get('x-total-count')
    const next = /<[^>?]*\?([^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    return {
      rows: body,
      ...(total !== null && { total: Number(total) }),
      next: next === undefined ? null : () => read(next),
    }
  }
  return options => read(queryOf({ ...options, at }))
}

function queryOf(options: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(options).map(([name, value]): [string, string] => [
    name,
    name === 'filter' ? JSON.stringify(value) : String(value),
  ])
  return new URLSearchParams(words).toString()
}

import { signal, type Signal } from '@preact/signals'

/** What the address of the page names: `#/data/todo?row=7`. */
export interface Route {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export const route: Signal<Route> = signal(read())

window.addEventListener('hashchange', () => (route.value = read()))

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) }
}

/** The address of a place in the studio. */
export function to(
  path: readonly (string | number)[],
  query: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const words = Object.entries(query).filter(
    (one): one is [string, string] => one[1] !== null && one[1] !== undefined && one[1] !== '',
  )
  const text = new URLSearchParams(words).toString()
  return `#/${path.map(one => encodeURIComponent(one)).join('/')}${text === '' ? '' : `?${text}`}`
}

/** Changes the query of the present place. */
export function setQuery(query: Readonly<Record<string, string | null>>, replace = false): void {
  const before = Object.fromEntries(route.value.query)
  const hash = to(route.value.path, { ...before, ...query })
  if (hash === location.hash) return
  if (replace) {
    history.replaceState(null, '', hash)
    route.value = read()
  } else location.hash = hash
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

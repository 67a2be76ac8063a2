import { codes, type Code } from '../../protocol/codes.ts'
import { problemType } from '../../protocol/error.ts'
import type { Page } from '../../transport/http/endpoint.ts'
import { issueMeanings, remedies } from './remedies.ts'

const all = Object.keys(codes) as Code[]

/**
 * The pages to which the `type` of a problem leads (RFC 9457 §3.1.1): one for each code with its cause and its remedy, and a list of
 * them all. Browsers get a page, all others JSON. `path` is below the prefix of the API; but a problem has the same type wherever an API is
 * mounted, so the pages are also at the root of the host.
 */
export function problemPages(path: string, prefix: string): Page[] {
  const list = prefix + path
  return [
    pageOf(
      path,
      () => all.map(documentOf),
      () => all.map(code => entry(code, `<a href="${list}/${code}"><code>${code}</code></a>`)).join('\n'),
    ),
    ...all.map(code =>
      pageOf(
        `${path}/${code}`,
        () => documentOf(code),
        () =>
          `<p><a href="${list}">All problems</a></p>${entry(code, `<code>${code}</code>`)}${code === 'validation' ? issues() : ''}`,
      ),
    ),
  ]
}

interface ProblemDocument {
  readonly type: string
  readonly error: Code
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly remedy: string
}

function documentOf(code: Code): ProblemDocument {
  return { type: problemType(code), error: code, ...codes[code], ...remedies[code] }
}

function pageOf(path: string, document: () => unknown, html: () => string): Page {
  const json: Page = {
    path,
    type: 'application/json',
    cache: 'max-age=3600',
    isAtRoot: true,
    text: () => JSON.stringify(document()),
    fields: () => ['vary', 'Accept'],
  }
  const page: Page = { ...json, type: 'text/html; charset=utf-8', text: () => htmlOf(html()) }
  return { ...json, choose: (_, accept) => (accept?.includes('text/html') === true ? page : json) }
}

function entry(code: Code, name: string): string {
  const { status, title } = codes[code]
  const { cause, remedy } = remedies[code]
  return `<h2>${name} <small>${status}</small></h2><p><b>${title}.</b> ${prose(cause)}</p><p>→ ${prose(remedy)}</p>`
}

function issues(): string {
  const rows = Object.entries(issueMeanings).map(
    ([code, meaning]) => `<dt><code>${code}</code></dt><dd>${prose(meaning)}</dd>`,
  )
  return `<h2>The <code>code</code> of an entry in <code>errors</code></h2><dl>${rows.join('')}</dl>`
}

/** Markdown with nothing but `code`, as HTML. */
function prose(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return escaped.replaceAll(/`([^`]*)`/g, '<code>$1</code>')
}

function htmlOf(body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
  code { font-size: .9em }
  small { font-weight: 400; opacity: .7 }
  dd { margin: 0 0 .4rem 1.5rem }
</style>
${body}
</html>
`
}

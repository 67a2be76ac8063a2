import { createHash } from 'node:crypto'
import type { Page } from '../../transport/http/endpoint.ts'
import { servedPath, type DescribeOptions } from '../options.ts'
import { script, style } from './assets.ts'

/**
 * The documentation page: all resources with their fields and operations, forms that send requests, and a panel that follows a
 * URI. It is one static text. Its script reads the OpenAPI document and shows it only as text nodes.
 */
export function documentationPage(options: DescribeOptions): Omit<Page, 'path'> {
  const openapi = servedPath(options.paths, 'openapi')
  const { studio } = options
  const source = openapi === null ? '' : `<meta name="openapi" content="${escaped(options.prefix + openapi)}">`
  const text = html(
    source,
    studio === null ? '' : `<p><a href="${escaped(options.prefix + studio)}">Open the studio</a></p>\n`,
  )
  return {
    type: 'text/html; charset=utf-8',
    cache: 'no-cache',
    text: () => text,
    fields: () => ['content-security-policy', policy, 'referrer-policy', 'no-referrer'],
  }
}

/**
 * Only this script and this style may run. They are identified by their hashes. Nonces would be as safe, but would make every
 * answer a different text (CSP 3 §2.3.1). `connect-src 'self'` includes sockets of this host.
 */
const policy: string = [
  "default-src 'none'",
  `script-src '${hash(script)}'`,
  `style-src '${hash(style)}'`,
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function html(source: string, link: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
${source}
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<aside>
<h1 id="title">API</h1>
${link}<input id="search" type="search" placeholder="Search" aria-label="Search resources and operations">
<nav id="sections" aria-label="Resources"></nav>
<form id="who" hidden><label>Token<input id="token" type="password" autocomplete="off" placeholder="sent as Authorization"></label></form>
</aside>
<main id="content"><noscript>This page needs JavaScript; the OpenAPI document does not.</noscript></main>
<section id="live" aria-label="Live">
<form id="live-form">
<button type="button" id="live-toggle">Live</button>
<input id="live-uri" aria-label="URI to follow" spellcheck="false">
<select id="live-carrier" aria-label="How it is carried"><option value="sse">SSE</option><option value="ws">WebSocket</option></select>
<button id="live-go">Follow</button>
<button type="button" id="live-clear">Clear</button>
<output id="live-state"></output>
</form>
<ol id="frames"></ol>
</section>
<script type="module">${script}</script>
</body>
</html>
`
}

/** Text for an attribute of an element. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

import { createHash } from 'node:crypto'
import { chain, type Maybe } from '../../store/work.ts'
import type { Page } from '../../transport/http/endpoint.ts'
import { connect } from '../client/connect.ts'
import { escaped } from '../page/page.ts'

/** What the page has to know before it asks for anything. */
export interface StudioSettings {
  /** The path below which the API is mounted. */
  readonly base: string
  /** The path of the studio itself, below the host. */
  readonly studio: string
  /** The path of the OpenAPI document; null = it is not served. */
  readonly openapi: string | null
  /** The path of the documentation page; null = it is not served. */
  readonly docs: string | null
}

/**
 * The studio as one static text: its program and its looks are in it, and only they may run. It is loaded when it is first asked
 * for, since most processes never show it.
 */
export function studioPage(path: string, settings: StudioSettings): Page {
  let made: Maybe<Made> | null = null
  const page = (): Maybe<Made> =>
    (made ??= import('./built.ts').then(built => {
      made = madeOf(built, settings)
      return made
    }))
  return {
    path,
    type: 'text/html; charset=utf-8',
    cache: 'no-cache',
    text: () => chain(page(), ({ html }) => html),
    // They are asked for after the text.
    fields: () => ['content-security-policy', (made as Made).policy, 'referrer-policy', 'no-referrer'],
  }
}

/** The editor for code, a module that the page loads when somebody edits some. */
export function studioEditorPage(path: string): Page {
  let made: Maybe<string> | null = null
  return {
    path: `${path}/editor.js`,
    type: 'text/javascript; charset=utf-8',
    cache: 'no-cache',
    text: () => (made ??= import('./built-editor.ts').then(built => (made = built.studioEditor))),
  }
}

interface Made {
  readonly html: string
  readonly policy: string
}

function madeOf({ studioProgram, studioLooks }: typeof import('./built.ts'), settings: StudioSettings): Made {
  const program = `${connect}\n${studioProgram}`
  const policy = [
    "default-src 'none'",
    // The program reads its editor and runs it as a blob, which only a script that runs already can make.
    `script-src '${hash(program)}' blob:`,
    `style-src '${hash(studioLooks)}'`,
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
  return { html: html(program, studioLooks, settings), policy }
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function html(program: string, style: string, settings: StudioSettings): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="settings" content="${escaped(JSON.stringify(settings))}">
<title>Studio</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="studio"><noscript>The studio needs JavaScript; the API does not.</noscript></div>
<script type="module">${program}</script>
</body>
</html>
`
}

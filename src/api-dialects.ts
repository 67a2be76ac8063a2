// Which dialects there are, and what each of them adds to an API. Nothing else imports them.
import type { ApiOptions } from './api-options.ts'
import { cast } from './dialects/blargh/cast.ts'
import { metaFile, metaOf } from './dialects/restaction/meta.ts'
import { metaPages } from './dialects/restaction/meta-pages.ts'
import { restactionNotation } from './dialects/restaction/notation.ts'
import type { Model } from './model/model.ts'
import { jsonMode, type InputMode } from './schema/input-mode.ts'
import type { Notation } from './schema/notation.ts'
import type { Page } from './transport/http/page.ts'

/** How JSON bodies are read. */
export function inputModeOf({ input }: Pick<ApiOptions, 'input'>): InputMode {
  return input === 'cast' ? cast : jsonMode
}

/** How documentation texts and schemas of actions may be written. */
export function notationOf({ validators }: Pick<ApiOptions, 'validators'>): Notation {
  return restactionNotation(validators)
}

/** What the documentation page shows to clients of a dialect. */
export function documentationOf(
  model: Model,
  { meta, auth }: Pick<ApiOptions, 'meta' | 'auth'>,
  prefix: string,
): (page: Page) => Page {
  return metaPages(model, metaFile(meta, metaOf(auth)), prefix)
}

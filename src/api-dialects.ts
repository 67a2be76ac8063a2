// Which dialects there are, and what each of them adds to an API. Nothing else imports them.
import type { ApiOptions } from './api-options.ts'
import { cast } from './dialects/blargh/cast.ts'
import { jsonMode, type InputMode } from './schema/input-mode.ts'

/** How JSON bodies are read. */
export function inputModeOf({ input }: Pick<ApiOptions, 'input'>): InputMode {
  return input === 'cast' ? cast : jsonMode
}

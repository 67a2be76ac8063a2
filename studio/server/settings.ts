import type { StudioSettings } from '../../src/describe/studio/studio-page.ts'

/** What the server says about itself in the page. */
export const settings: StudioSettings = JSON.parse(
  document.querySelector('meta[name="settings"]')?.getAttribute('content') ?? '{}',
) as StudioSettings

/** The URL of the API, without a slash at the end. */
export const base: string = new URL(settings.base === '' ? '/' : settings.base, location.href).href.replace(/\/$/, '')

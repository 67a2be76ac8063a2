import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether a browser is there. Where it must be (CI), tests run and fail without one. */
export const hasBrowser: boolean = existsSync(executablePath) || process.env['CI'] === 'true'

if (!hasBrowser) {
  console.warn(
    `No browser at ${executablePath}: tests of pages are skipped. Install chromium, or name one in CHROMIUM.`,
  )
}

/** A browser that only loads the pages under test. */
export function openBrowser(): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] })
}

import { rolldown } from 'rolldown'
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { runsWith } from '../system-programs.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether tests of pages run. */
export const hasBrowser: boolean = runsWith(
  `A browser at ${executablePath}`,
  existsSync(executablePath),
  'chromium, or name one in CHROMIUM,',
)

/** A browser that only loads the pages under test. Its pages are waited for as long as a busy machine needs. */
export async function openBrowser(): Promise<Browser> {
  // Pages that a test makes up come from no address, and may still connect to servers of this machine.
  const local = '--disable-features=LocalNetworkAccessChecks'
  const quiet = [
    local,
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ]
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet]
  const browser = await chromium.launch({ executablePath, args, timeout: 120_000 })
  browser.on('context', context => context.setDefaultTimeout(120_000))
  return browser
}

/** A page's script with all that it imports, as one module. `define` replaces expressions by others. */
export async function bundlePage(file: string, define: Readonly<Record<string, string>> = {}): Promise<string> {
  const bundled = await rolldown({ input: file, platform: 'browser', logLevel: 'silent', transform: { define } })
  const { output } = await bundled.generate({ format: 'esm', codeSplitting: false })
  await bundled.close()
  return output[0].code
}

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/** Bundles the page. Returns the folder with its files. */
export async function buildPage(folder: string = join(import.meta.dirname, 'dist')): Promise<string> {
  const page = join(import.meta.dirname, 'page')
  const transform = { define: { 'process.env.NODE_ENV': '"production"' } }
  const bundled = await rolldown({ input: join(page, 'main.tsx'), platform: 'browser', logLevel: 'warn', transform })
  await bundled.write({ dir: folder, format: 'esm', minify: true, codeSplitting: false })
  await bundled.close()
  mkdirSync(folder, { recursive: true })
  for (const name of ['index.html', 'style.css']) cpSync(join(page, name), join(folder, name))
  return folder
}

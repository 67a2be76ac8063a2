// How much of the client a page loads: minified and compressed.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'

/** The size of an entry, in KiB, without packages. */
async function sizeOf(entry: string): Promise<number> {
  const bundled = await rolldown({
    input: join(import.meta.dirname, '../../src/client', entry),
    platform: 'browser',
    logLevel: 'silent',
    external: /^[^./]/,
  })
  const { output } = await bundled.generate({ format: 'esm', minify: true })
  await bundled.close()
  const chunks = output.filter(one => one.type === 'chunk')
  expect(chunks.flatMap(one => one.imports).filter(name => name.startsWith('node:'))).toEqual([])
  return gzipSync(chunks.map(one => one.code).join(''), { level: 9 }).length / 1024
}

test.each([['index.ts', 9.5]])('%s has at most %d KiB', async (entry, most) => {
  expect(await sizeOf(entry)).toBeLessThan(most)
})

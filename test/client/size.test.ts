// How much of the client a page loads: minified and compressed.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../src/client')

/** What an entry imports at first, minified, without packages and without what the client itself has. */
async function bundleOf(entry: string, has: readonly string[] = []): Promise<string> {
  const bundled = await rolldown({
    input: join(folder, entry),
    platform: 'browser',
    logLevel: 'silent',
    // As in the bundle of a page: what is loaded later takes what it shares from the first file.
    preserveEntrySignatures: 'allow-extension',
    external: (id, importer) =>
      importer !== undefined && (!/^[./]/.test(id) || has.some(name => join(importer, '..', id).endsWith(name))),
  })
  const { output } = await bundled.generate({ format: 'esm', minify: true })
  await bundled.close()
  const all = output.filter(one => one.type === 'chunk')
  expect(all.flatMap(one => one.imports).filter(name => name.startsWith('node:'))).toEqual([])
  const first = new Set([all[0]!.fileName])
  for (const name of first) all.find(one => one.fileName === name)?.imports.forEach(other => first.add(other))
  const chunks = all.filter(one => first.has(one.fileName))
  return chunks.map(one => one.code).join('')
}

const shared = [
  'client/problem.ts',
  'client/http.ts',
  'client/call.ts',
  'client/deferred.ts',
  'client/session.ts',
  'client/transports/later.ts',
  'client/socket/reconnect.ts',
  'client/transports/streams.ts',
]

test.each([
  ['index.ts', 9.1, []],
  ['transports/streams.ts', 2, shared],
  ['transports/socket-io.ts', 2, shared],
  ['offline.ts', 1.65, shared],
  ['tokens.ts', 0.4, shared],
  ['tabs.ts', 1.5, [...shared, 'client/socket/connection.ts']],
  ['adapters/react.ts', 0.6, shared],
  ['adapters/tanstack-db.ts', 0.5, shared],
  ['adapters/tanstack-query.ts', 0.4, shared],
])('%s has at most %d KiB', async (entry, most, has) => {
  expect(gzipSync(await bundleOf(entry, has), { level: 9 }).length / 1024).toBeLessThan(most)
})

test.each(['index.ts', 'transports/streams.ts', 'adapters/react.ts'])(
  '%s needs nothing that Node 20 and browsers of 2023 lack',
  async entry => {
    const newer = /withResolvers|fromAsync|groupBy|\b(?:isSubsetOf|getOrInsert|symmetricDifference)\b|Promise\.try/
    expect(newer.exec(await bundleOf(entry))?.[0]).toBeUndefined()
  },
)

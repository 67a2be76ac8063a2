// A server of files that is there to be killed: node test/fault/file-server.ts FILE HOURS none|keeps|early. It prints its URL;
// its clock is HOURS ahead. The last word is a fault of its files: they stay, or are said to be kept before they are.
import { Readable } from 'node:stream'
import { api } from '../../src/api.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { folder, type FileStore } from '../../src/store/files.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const [, , file, hours, fault] = process.argv as unknown as [string, string, string, string, 'none' | 'keeps' | 'early']
const sound = folder(`${file}-files`)
const files: FileStore = {
  ...sound,
  ...(fault === 'keeps' && { remove: async () => {} }),
  ...(fault === 'early' && {
    write: async (key, bytes) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk))
      setTimeout(() => void sound.write(key, Readable.from(chunks)).catch(() => {}), 50)
    },
  }),
}
const doc = resource({ id: t.id(), title: t.text(), photo: t.file() }).public()
const app = api(
  { doc },
  {
    store: sqlite(file, { synchronous: 'normal' }),
    files,
    clock: () => Date.now() + Number(hours) * 3_600_000,
    report: () => {},
    http: { log: () => {} },
  },
)
const { url } = await serve(app, { port: 0, report: () => {} })
console.log(url)

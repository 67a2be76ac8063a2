// node examples/chat/main.ts [DATABASE]
import { fileURLToPath } from 'node:url'
import { serve, sqlite } from '../../src/index.ts'
import { createApp } from './app.ts'

await serve(createApp(sqlite(process.argv[2] ?? 'chat.db')), {
  static: fileURLToPath(new URL('public', import.meta.url)),
})

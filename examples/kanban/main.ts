// node examples/kanban/main.ts: builds the page and serves it with the API. Open it in two browsers.
import { serve } from '../../src/index.ts'
import { createApp } from './app.ts'
import { buildPage } from './build.ts'

await serve(createApp(), { static: await buildPage() })

import { existsSync } from 'node:fs'
import { serve } from 'restuary'
import { createApp } from './app.ts'

// While you develop, Vite serves the page, and passes /api on to this server.
await serve(createApp(), existsSync('dist') ? { static: 'dist' } : {})

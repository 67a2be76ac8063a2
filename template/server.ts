import { serve } from 'restuary'
import { createApp } from './app.ts'

await serve(createApp(), { static: 'public' })

// node examples/sensor/main.ts
import { fileURLToPath } from 'node:url'
import { serve } from '../../src/index.ts'
import { createApp } from './app.ts'
import { Device } from './device.ts'

await serve(createApp(new Device()), { static: fileURLToPath(new URL('public', import.meta.url)) })

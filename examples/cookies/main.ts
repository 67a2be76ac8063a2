// node examples/cookies/main.ts
import { serve } from '../../src/index.ts'
import { app } from './app.ts'

await serve(app)

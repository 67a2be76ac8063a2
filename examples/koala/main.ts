// node examples/koala/main.ts
import { serve } from '../../src/index.ts'
import { app, cages } from './app.ts'

await serve(app)

// Tells subscribers about events outside. On Socket.IO they get them at once, and clients that return resume by position.
setInterval(() => {
  for (const cage of cages.values()) {
    const degrees = Math.round((cage.degrees + (cage.heating ? 0.5 : -0.1)) * 10) / 10
    cage.degrees = degrees
    void app.publish(`/cages/${cage.id}`, { patch: { degrees } })
  }
}, 1_000).unref()

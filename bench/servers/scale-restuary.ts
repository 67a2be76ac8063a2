// The resources of scale/world.ts declared, and served.
import { serve } from '../../src/index.ts'
import { fill, worldOf } from '../scale/world.ts'
import { readScaleStart, writeOnDemand } from './scale-start.ts'
import { tellReady } from './todo.ts'

const { port, db, reading, size } = readScaleStart()
const app = await worldOf(reading, db, size)
const list = await fill(app, 'list', [
  { title: 'shared', owner: 1, members: Array.from({ length: 10 }, (_, i) => i + 1) },
])
await fill(app, 'todo', [{ text: 'shared', n: 1, owner: 1, list }])
writeOnDemand((id, text) => app.patch('todo', id, { text }))
await serve(app, { port, report: () => {} })
tellReady(port)

// node examples/todo/main.ts
import { serve, sqlite } from '../../src/index.ts'
import { open } from './app.ts'

await serve(open(sqlite('todo.db')))

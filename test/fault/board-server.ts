// The server of the random programs of clients: node test/fault/board-server.ts FILE PORT. It prints its URL.
import { serve } from '../../src/serve.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { board } from '../client/programs/board.ts'

const [, , file, port = '0'] = process.argv as unknown as [string, string, string, string | undefined]
const { url } = await serve(board(sqlite(file)), { port: Number(port), report: () => {} })
console.log(url)

// The server of the random programs, in a process that is killed and started again at the same port.
import { join } from 'node:path'
import { start, withProgram, type Mortal } from '../../fault/mortal.ts'

export interface KillableServer {
  readonly url: string
  /** Kills it as `kill -9` does, and starts it again. */
  restart(): Promise<void>
}

export async function withServer<T>(work: (server: KillableServer) => Promise<T>): Promise<T> {
  return withProgram('board-server', [], async (program, folder) => {
    const file = join(folder, 'board.db')
    let mortal: Mortal = await start(program, [file])
    const { port } = mortal
    let restarting: Promise<void> = Promise.resolve()
    const again = async (): Promise<void> => {
      await mortal.kill('SIGKILL')
      mortal = await start(program, [file, String(port)])
    }
    try {
      return await work({
        url: `http://127.0.0.1:${port}`,
        restart: () => (restarting = restarting.then(again)),
      })
    } finally {
      await mortal.kill('SIGKILL')
    }
  })
}

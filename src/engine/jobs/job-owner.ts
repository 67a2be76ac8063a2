import { hostname } from 'node:os'

/** Runners of this process that are open: two APIs over one file do not take each other's jobs. */
const open = new Set<string>()

/** Names whoever runs jobs: a machine, a process, and which of the process. */
export class Runner {
  readonly name: string

  constructor(random: (bytes: number) => Uint8Array) {
    this.name = `${hostname()}:${process.pid}:${Buffer.from(random(6)).toString('hex')}`
    open.add(this.name)
  }

  close(): void {
    open.delete(this.name)
  }

  /** Whether another runner can still be at work. One on another machine is not: a file is used on one. */
  isAlive(name: string): boolean {
    if (open.has(name)) return true
    const [token = '', pid = '', ...host] = name.split(':').toReversed()
    if (token === '' || host.toReversed().join(':') !== hostname() || Number(pid) === process.pid) return false
    try {
      process.kill(Number(pid), 0)
      return true
    } catch (error) {
      // It is there and somebody else's.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  }
}

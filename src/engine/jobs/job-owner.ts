import { hostname } from 'node:os'

/** Names of the runners in this process. Two APIs over one file must not take each other's jobs. */
const open = new Set<string>()

/** Identifies a runner of jobs by host, process and a random part, because a process may have several. */
export class JobOwner {
  readonly name: string

  constructor(random: (bytes: number) => Uint8Array) {
    this.name = `${hostname()}:${process.pid}:${Buffer.from(random(6)).toString('hex')}`
    open.add(this.name)
  }

  close(): void {
    open.delete(this.name)
  }

  /** Whether another runner may still be working. One on another host cannot be: a SQLite file is used by one host only. */
  isAlive(name: string): boolean {
    if (open.has(name)) return true
    const [token = '', pid = '', ...host] = name.split(':').toReversed()
    // Signal 0 sends nothing; it only tests whether the process exists.
    if (token === '' || host.toReversed().join(':') !== hostname() || Number(pid) === process.pid) return false
    try {
      process.kill(Number(pid), 0)
      return true
    } catch (error) {
      // EPERM: the process exists but belongs to another user.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  }
}

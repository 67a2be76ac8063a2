import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Lease, Leases } from './leases.ts'

/** The nodes that are open in this process. It may have several, for instance two APIs over one file. */
const open = new Set<string>()

/**
 * This API among those that use the same database. Its name is written wherever others have to know whose something is, so
 * that they can take it over once this node is gone.
 */
export class ThisNode {
  /** `place:pid:token`. */
  readonly name: string
  readonly #leases: Leases
  #joining: Promise<void> | null = null
  #lease: Lease | null = null
  #isClosed = false
  readonly #listeners = new Set<() => void>()

  constructor(leases: Leases, random: (bytes: number) => Uint8Array) {
    this.#leases = leases
    this.name = `${place()}:${process.pid}:${Buffer.from(random(6)).toString('hex')}`
    open.add(this.name)
  }

  /** Called before the name is written anywhere: from now on, others see that this node is alive. */
  async join(): Promise<void> {
    if (this.#isClosed || this.#lease?.over.aborted === false) return
    await (this.#joining ??= this.#join().finally(() => (this.#joining = null)))
  }

  async #join(): Promise<void> {
    this.#lease = await this.#leases.wait(keyOf(this.name))
    this.#lease.over.addEventListener('abort', () => this.#lapsed(), { once: true })
  }

  /** Calls a function when others may have taken this node for dead. Returns a function that ends this. */
  onLapse(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #lapsed(): void {
    if (this.#isClosed) return
    for (const listener of this.#listeners) listener()
    this.join().catch(() => undefined) // whoever needs it joins again
  }

  /** Whether a node is alive, as far as anybody can know. One that hangs is not. */
  async isAlive(name: string): Promise<boolean> {
    return !isGone(name) && this.#leases.isHeld(keyOf(name))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    open.delete(this.name)
    await this.#lease?.release().catch(() => undefined)
  }
}

const keyOf = (name: string): string => `node ${name}`

/** Whether a node was in a process of this machine that is not there any more, so that nobody has to wait for its lease. */
function isGone(name: string): boolean {
  const [where, pid] = name.split(':')
  if (where !== place()) return false
  // Another name with our own number is that of an earlier process, as in a container.
  if (Number(pid) === process.pid) return !open.has(name)
  try {
    // Signal 0 sends nothing; it only tests whether the process exists.
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    // EPERM: the process exists but belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
}

let known: string | undefined

/** Names where numbers of processes mean the same: the machine since its start, and on Linux the namespace of the container. */
function place(): string {
  if (known === undefined) {
    const parts = [hostname()]
    try {
      parts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'))
    } catch {
      // Not Linux: the host has to do.
    }
    known = parts.join(' ').replaceAll(':', '')
  }
  return known
}

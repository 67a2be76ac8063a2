import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

/** Servers run here, */
export const SERVER_CORE = 0
/** The core of the load generator. */
export const LOAD_CORE = 1

/** Is there such a program? */
export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

const canPin = availableParallelism() > 1 && has('taskset')

/** The command, pinned to one core if that is possible. */
export function pinned(command: readonly string[], core: number): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}

/** Ticks of /proc a second: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS = 100

/** Processor time of a process and all its threads, in seconds. NaN if there is no /proc. */
export function cpuSeconds(pid: number): number {
  const stat = procText(pid, 'stat')
  if (stat === null) return Number.NaN
  // The name of the program comes second, in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Resident memory of a process, in bytes. NaN if there is no /proc. */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(procText(pid, 'status') ?? '')?.[1]
  return kib === undefined ? Number.NaN : Number(kib) * 1024
}

function procText(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return null
  }
}

/** The properties of the machine on which figures depend, for the record. */
export function describeMachine(): Record<string, unknown> {
  return {
    node: process.version,
    sqlite: process.versions['sqlite'] ?? null,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? null,
    cores: availableParallelism(),
    pinned: canPin,
  }
}

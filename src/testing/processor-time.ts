/** Milliseconds of processor time of this thread that something takes: what other processes do does not count. */
export function processorTime(act: () => unknown): number {
  const before = process.threadCpuUsage()
  act()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

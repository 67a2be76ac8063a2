const TICK = 100

/**
 * Calls back after so many milliseconds in which this process ran. A machine that stops all of it for a while does not count
 * as a server that hangs. Returns a function that calls it off.
 */
export function afterRunning(milliseconds: number, late: () => void): () => void {
  let left = milliseconds / TICK
  const timer = setInterval(() => {
    if (--left > 0) return
    clearInterval(timer)
    late()
  }, TICK)
  return () => clearInterval(timer)
}

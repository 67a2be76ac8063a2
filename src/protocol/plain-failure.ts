/**
 * Makes an error plain: its message says what is wrong and what to do, so nobody needs a stack trace. A program that does not catch
 * it ends with the message on standard error, and without the line of code that Node would print.
 *
 * @example
 * throw plainFailure(new Error('Port 3000 is in use. Choose another port.'))
 */
export function plainFailure(error: Error): Error {
  error.stack = `${error.name}: ${error.message}`
  // A program with its own listener handles uncaught errors itself.
  if (process.listenerCount('uncaughtException') > 0) return error
  const end = (uncaught: unknown): void => {
    if (uncaught !== error) throw uncaught
    console.error(error.message)
    process.exit(1)
  }
  process.on('uncaughtException', end)
  // An error that is not caught in this turn of the event loop is not caught at all.
  setImmediate(() => process.off('uncaughtException', end))
  return error
}

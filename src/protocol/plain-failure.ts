/**
 * An error whose message says all there is to say: what is wrong, and the way out. It has no stack, and a program that does
 * not catch it ends with the message alone on standard error, where Node would print the line of code that threw it.
 *
 * @example
 * throw plainFailure(new Error('Port 3000 is in use. Choose another port.'))
 */
export function plainFailure(error: Error): Error {
  error.stack = `${error.name}: ${error.message}`
  // A program with a listener of its own decides for itself what becomes of errors.
  if (process.listenerCount('uncaughtException') > 0) return error
  const end = (uncaught: unknown): void => {
    if (uncaught !== error) throw uncaught
    console.error(error.message)
    process.exit(1)
  }
  process.on('uncaughtException', end)
  // If it was not caught by the end of this turn, nobody catches it.
  setImmediate(() => process.off('uncaughtException', end))
  return error
}

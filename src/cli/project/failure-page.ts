import { once } from 'node:events'
import { createServer } from '../../transport/hosts/node-http.ts'

/** What stands at the port of a program that could not start. */
export interface FailurePage {
  close(): Promise<void>
}

/** Shows at a port why a program ended, until it is closed. Browsers look again each second. If the port is taken, nothing is shown. */
export async function showFailure(port: number, told: string): Promise<FailurePage | null> {
  const text = plainText(told)
  const server = createServer((request, response) => {
    const isBrowser = request.headers.accept?.includes('text/html') === true
    const type = isBrowser ? 'text/html; charset=utf-8' : 'application/problem+json'
    response.writeHead(503, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' })
    response.end(
      isBrowser ? pageOf(text) : JSON.stringify({ title: 'The program has ended', status: 503, detail: text }),
    )
  })
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return null
  }
  return {
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What the program said, without the lines of Node and of packages that nobody here can change. */
function plainText(told: string): string {
  const lines = told.split('\n').filter(line => !/^\s+at .*(?:node:|node_modules)|^Node\.js v/.test(line))
  return (
    lines
      .join('\n')
      // Node also prints the members of the error, which say the same.
      .replace(/ \{\n {2}faults: \[[^]*?\n {2}\]\n\}/, '')
      .replace(/^file:\S*node_modules\S*\n.*\n\s*\^+\n/m, '')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim()
  )
}

function pageOf(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="1">
<title>The program has ended</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  pre { white-space: pre-wrap; padding: 1rem; border-left: 4px solid #c22; background: #c221 }
</style>
<h1>The program has ended</h1>
<pre>${escaped}</pre>
<p>Save a change, and it starts again. This page looks by itself.</p>
</html>
`
}

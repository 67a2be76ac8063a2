// PgBouncer in front of a server for tests, and certificates for one.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(existsSync)

export const hasPooler = (): boolean => PROGRAM !== undefined

/** Since 1.21, PgBouncer knows what clients have prepared, and prepares it on each connection to the server. */
export function knowsPrepared(): boolean {
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(
    spawnSync(PROGRAM!, ['--version'], { encoding: 'utf8' }).stdout,
  )!
  return Number(major) > 1 || Number(minor) >= 21
}

const PORT = 6432

/**
 * Starts PgBouncer in transaction mode, with few connections to the server of a folder. Returns the connection string of a
 * database, and what ends it.
 */
export async function startPooler(
  folder: string,
  database: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(
    config,
    `[databases]
* = host=${folder} user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
listen_addr =
unix_socket_dir = ${folder}
listen_port = ${PORT}
auth_type = any
logfile = ${folder}/pgbouncer.log
${knowsPrepared() ? 'max_prepared_statements = 200' : ''}
`,
  )
  const { uid, gid } = statSync(folder)
  chownSync(config, uid, gid)
  const child = spawn(PROGRAM!, [config], { uid, gid, cwd: folder, stdio: 'ignore' })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  for (let wait = 0; !(await answers(join(folder, `.s.PGSQL.${PORT}`))); wait++) {
    const log = join(folder, 'pgbouncer.log')
    if (wait > 300) throw new Error(`PgBouncer does not start: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`)
    await new Promise(resolve => void setTimeout(resolve, 20))
  }
  return {
    url: `postgresql:///${database}?host=${folder}&port=${PORT}&user=postgres`,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = createConnection(path)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.end()
      resolve(true)
    })
  })

/** Makes an authority of its own, and with it the certificate of a server with an address. Returns the files. */
export function makeCertificate(folder: string, address: string): { ca: string; certificate: string; key: string } {
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => {
    const made = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`openssl ${args[0]} failed: ${made.stderr}`)
  }
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Tests', '-days', '2')
  openssl('req', ...fresh, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server')
  writeFileSync(file('server.ext'), `subjectAltName = IP:${address}`)
  const signed = ['-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
  openssl('x509', '-req', ...signed, '-extfile', 'server.ext', '-out', 'server.crt')
  const { uid, gid } = statSync(folder)
  for (const name of ['server.key', 'server.crt']) chownSync(file(name), uid, gid)
  return { ca: file('ca.crt'), certificate: file('server.crt'), key: file('server.key') }
}

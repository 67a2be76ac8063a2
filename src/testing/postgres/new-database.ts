import { randomUUID } from 'node:crypto'
import { PostgresConnection } from '../../store/postgres/connection.ts'

/** An empty database of a server for tests, as a connection string. */
export async function newDatabase(server: string): Promise<string> {
  const name = `d${randomUUID().replaceAll('-', '')}`
  await execute(server, `create database ${name}`)
  return server.replace('/postgres?', `/${name}?`)
}

/** Executes SQL, as another program would. */
export async function execute(url: string, sql: string): Promise<void> {
  const connection = await PostgresConnection.open({ url })
  try {
    await connection.exec(sql)
  } finally {
    await connection.close()
  }
}

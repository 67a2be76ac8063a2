import { prefixIn, readDocument } from './document.ts'

interface Operation {
  readonly summary?: string
  readonly operationId?: string
}

const METHODS = ['get', 'query', 'post', 'put', 'patch', 'delete']

/** `restuary routes SOURCE`: prints the paths of an API with their methods, one line each. */
export async function printRoutes(source: string): Promise<void> {
  const document = await readDocument(source, 'openapi')
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const prefix = prefixIn(document)
  const rows = Object.entries(paths).map(([path, item]) => [
    prefix + path,
    METHODS.filter(method => item[method])
      .map(method => method.toUpperCase())
      .join(' '),
  ])
  const width = Math.max(0, ...rows.map(([path]) => path!.length))
  for (const [path, methods] of rows) process.stdout.write(`${path!.padEnd(width)}  ${methods}\n`)
}

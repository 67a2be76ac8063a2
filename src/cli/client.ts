import { clientModule } from '../describe/client/client-js.ts'
import { clientTypes } from '../describe/client/client-types.ts'
import { readDocument } from './document.ts'
import { writeOutput } from './write.ts'

/**
 * `restuary client URL`: writes the client of a running API as a module. If it goes to a file, its types are written next to
 * it.
 */
export async function writeClient(source: string, options: { readonly out: string | undefined }): Promise<void> {
  const document = await readDocument(source, 'openapi')
  const base = /^https?:\/\//.test(source) ? baseOf(source, document) : 'http://localhost:3000'
  writeOutput(clientModule(document, { base, prefix: '' }), options.out)
  if (options.out !== undefined) writeOutput(clientTypes(document), typesOf(options.out))
}

/** The URL of the API as stated in its document. It may be relative to the URL of the document. */
function baseOf(source: string, document: Readonly<Record<string, unknown>>): string {
  const [server] = (document['servers'] ?? []) as readonly { readonly url: string }[]
  return new URL(server?.url ?? '/', source).href.replace(/\/$/, '')
}

/** The file for the types: `client.js` → `client.d.ts`, `client.mjs` → `client.d.mts`. */
function typesOf(file: string): string {
  const [, stem = file, kind = ''] = /^(.*)\.([cm]?)js$/s.exec(file) ?? []
  return `${stem}.d.${kind}ts`
}

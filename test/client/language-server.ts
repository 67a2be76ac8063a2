// What an editor shows: hover texts and compiler messages, from the language server of TypeScript.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../..')

export interface Editor {
  /** The hover texts of the names behind each mark `^` in a comment of its own, one line each. */
  hovers(file: string): Promise<string[]>
  /** The messages of the compiler, by line, one line each. */
  messages(file: string): Promise<Map<number, string>>
  /** What may be written at each mark `^`, with `?` behind the names of members that may be left out. */
  completions(file: string): Promise<string[][]>
}

/** Opens files as an editor does, for the rest of the test. */
export async function openEditor(): Promise<Editor> {
  const server = spawn(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--lsp', '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: root,
  })
  onTestFinished(() => void server.kill())
  const waiting = new Map<number, (result: any) => void>()
  let last = 0
  let bytes = Buffer.alloc(0)
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const ask = (method: string, params: object): Promise<any> =>
    new Promise(resolve => {
      waiting.set(++last, resolve)
      send({ id: last, method, params })
    })
  server.stdout.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/Content-Length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1])
      if (bytes.length < end + 4 + length) return
      const message = JSON.parse(bytes.toString('utf8', end + 4, end + 4 + length))
      bytes = bytes.subarray(end + 4 + length)
      if (message.method !== undefined && message.id !== undefined)
        send({ id: message.id, result: message.params?.items?.map(() => null) ?? null })
      else waiting.get(message.id)?.(message.result)
    }
  })
  const capabilities = { textDocument: { hover: { contentFormat: ['markdown'] }, diagnostic: {}, completion: {} } }
  await ask('initialize', { processId: process.pid, rootUri: pathToFileURL(root).href, capabilities })
  send({ method: 'initialized', params: {} })
  const open = (file: string): { readonly text: string; readonly uri: string } => {
    const uri = pathToFileURL(file).href
    const text = readFileSync(file, 'utf8')
    send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
    })
    return { text, uri }
  }
  const marks = (text: string): { readonly line: number; readonly start: number; readonly end: number }[] =>
    text.split('\n').flatMap((content, line) =>
      [...content.matchAll(/\/\*\^\*\/\s*/g)].map(({ index, 0: mark }) => ({
        line,
        start: index,
        end: index + mark.length,
      })),
    )
  return {
    async hovers(file) {
      const { text, uri } = open(file)
      const texts: string[] = []
      for (const { line, end } of marks(text)) {
        const shown = await ask('textDocument/hover', { textDocument: { uri }, position: { line, character: end } })
        texts.push(oneLine(/```\w+\n([^]*?)```/.exec(shown.contents.value)?.[1] ?? ''))
      }
      return texts
    },
    async completions(file) {
      const { text, uri } = open(file)
      const found: string[][] = []
      for (const { line, start } of marks(text)) {
        const position = { line, character: start }
        const list = await ask('textDocument/completion', { textDocument: { uri }, position })
        found.push(list.items.map((item: { readonly label: string }) => item.label))
      }
      return found
    },
    async messages(file) {
      const { uri } = open(file)
      const { items } = await ask('textDocument/diagnostic', { textDocument: { uri } })
      return new Map(
        (items as { range: { start: { line: number } }; message: string }[]).map(one => [
          one.range.start.line + 1,
          oneLine(one.message),
        ]),
      )
    },
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

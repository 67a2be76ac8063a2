/** An event of a stream, with its data read as JSON. */
export interface StreamEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: any // oxlint-disable-line typescript/no-explicit-any -- each event has its own
}

/**
 * Reads events from the body of a response (WHATWG HTML §9.2.6). A comment is null: it shows life. A position
 * alone is the event `told`: everything up to it was told.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamEvent | null, void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (text + value).split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) yield readBlock(block)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function readBlock(block: string): StreamEvent | null {
  const fields: Record<string, string> = {}
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name !== undefined) fields[name] = value!
  }
  const { event, id, data } = fields
  if (event !== undefined && data !== undefined) return { event, id, data: JSON.parse(data) }
  return id === undefined ? null : { event: 'told', id, data: null }
}

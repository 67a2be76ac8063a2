/** An event of a stream, with its data read as JSON. */
export interface StreamEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: any // oxlint-disable-line typescript/no-explicit-any -- each event has its own
}

/** Reads events from the body of a response (WHATWG HTML §9.2.6). A comment is an event without a name, which shows life. */
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
  return event === undefined || data === undefined ? null : { event, id, data: JSON.parse(data) }
}

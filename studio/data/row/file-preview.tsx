import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { send } from '../../server/client.ts'
import { useLastAnswer } from '../../ui/last-answer.ts'

/** The most bytes of a file that is shown: more would fill the memory of the page. */
const MOST = 20_000_000
/** How much of a text is shown. */
const TEXT = 4_000

/** How a file is shown; null = not at all. What could contain programs, such as HTML and SVG, is shown as text. */
function kindOf(type: string): 'image' | 'audio' | 'video' | 'text' | null {
  if (/^(?:text\/|application\/(?:json|xml)|image\/svg)|\+(?:json|xml)/.test(type)) return 'text'
  const [, kind] = /^(image|audio|video)\//.exec(type) ?? []
  return (kind as 'image' | 'audio' | 'video' | undefined) ?? null
}

/** A file as it looks or sounds. It is read with the token of whoever looks, which its address could not carry. */
export function FilePreview({
  path,
  type,
  size,
  name,
}: {
  readonly path: string
  readonly type: string
  readonly size: number
  readonly name: string
}): VNode | null {
  const kind = size > MOST ? null : kindOf(type)
  const [shown, setShown] = useState<string | null>(null)
  const lastAnswer = useLastAnswer()
  useEffect(() => {
    if (kind === null) return
    let url: string | null = null
    lastAnswer<string | Blob>(kind === 'text' ? beginningOf(path) : bytesOf(path)).then(
      found => setShown(typeof found === 'string' ? found : (url = URL.createObjectURL(found))),
      () => {},
    )
    return () => {
      if (url !== null) URL.revokeObjectURL(url)
    }
  }, [path, kind])
  if (kind === null) return <p class="muted no-preview">{whyNot(type, size)}</p>
  if (shown === null) return null
  switch (kind) {
    case 'image':
      return <img src={shown} alt={name} />
    case 'audio':
      return <audio controls src={shown} aria-label={name} />
    case 'video':
      return <video controls src={shown} aria-label={name} />
    default:
      return (
        <pre class="code" tabIndex={0} dir="auto">
          {shown}
        </pre>
      )
  }
}

/** Why a file is not shown. A PDF would need the viewer of the browser, which the policy of the page lets run as little as scripts. */
function whyNot(type: string, size: number): string {
  if (size > MOST) return 'It is too large to be shown here. Download it.'
  const isPdf = type === 'application/pdf'
  return isPdf
    ? 'A PDF may contain programs, and the policy of this page lets none run. Download it to read it.'
    : 'There is no preview of such files. Download it.'
}

/** How a text begins. */
const beginningOf = async (path: string): Promise<string> => (await bytesOf(path)).slice(0, TEXT).text()

/** The bytes of a file, read as whoever is looking. */
export async function bytesOf(path: string): Promise<Blob> {
  const response = await send('GET', path, { headers: { accept: '*/*' } })
  if (!response.ok) throw new Error(`the file is ${response.status}`)
  return response.blob()
}

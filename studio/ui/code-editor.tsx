import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Editor, openEditor } from '../editor/main.ts'
import { settings } from '../server/settings.ts'

interface CodeEditorProps {
  readonly id?: string | undefined
  readonly label: string
  readonly text: string
  readonly onText: (text: string) => void
  readonly invalid?: boolean
  readonly describedBy?: string | undefined
}

type EditorModule = { readonly openEditor: typeof openEditor }

let loading: Promise<EditorModule> | undefined

/** The module of the editor. It is larger than the rest of the page, so it is loaded when somebody edits code. */
function loadEditor(): Promise<EditorModule> {
  loading ??= readEditor()
  loading.catch(() => (loading = undefined))
  return loading
}

/** The policy of the page allows modules that the page has read itself. */
async function readEditor(): Promise<EditorModule> {
  const response = await fetch(new URL(`${settings.studio}/editor.js`, location.href))
  if (!response.ok) throw new Error(`the editor is ${response.status}`)
  const url = URL.createObjectURL(new Blob([await response.text()], { type: 'text/javascript' }))
  try {
    return (await import(url)) as EditorModule
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** A text that is JSON. Until the editor has come, and if it does not, it is a plain text area. */
export function CodeEditor({ id, label, text, onText, invalid = false, describedBy }: CodeEditorProps): VNode {
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  const latest = useRef(onText)
  latest.current = onText
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    let isGone = false
    loadEditor().then(
      ({ openEditor }) => {
        const { current } = place
        if (isGone || !current) return
        const parent = current.shadowRoot ?? current.attachShadow({ mode: 'open' })
        editor.current = openEditor({
          parent,
          text,
          label,
          describedBy,
          isInvalid: invalid,
          onText: given => latest.current(given),
        })
        setOpen(true)
      },
      () => {},
    )
    return () => {
      isGone = true
      editor.current?.close()
    }
  }, [])
  useEffect(() => {
    if (editor.current && editor.current.text !== text) editor.current.replace(text)
  }, [text])
  return (
    <div class="code-editor">
      <div ref={place} class={isOpen ? 'editor-place' : ''} />
      {!isOpen && (
        <textarea
          id={id}
          class="code"
          aria-label={label}
          aria-invalid={invalid || undefined}
          aria-describedby={describedBy}
          rows={Math.min(16, Math.max(3, text.split('\n').length))}
          spellcheck={false}
          value={text}
          onInput={event => onText(event.currentTarget.value)}
        />
      )}
    </div>
  )
}

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** What a place for code needs of an editor. */
export interface Editor {
  readonly text: string
  replace(text: string): void
  focus(): void
  close(): void
}

export interface EditorOptions {
  readonly parent: ShadowRoot
  readonly text: string
  readonly label: string
  readonly describedBy: string | undefined
  readonly isInvalid: boolean
  readonly onText: (text: string) => void
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
])

const looks = EditorView.theme({
  '&': { fontSize: '12.5px', maxHeight: '60vh', color: 'var(--ink)', backgroundColor: 'var(--panel)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--bg)', color: 'var(--muted)', border: '0' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--mark)' },
})

/** An editor for JSON. Tab leaves it, as everywhere on the page; Ctrl-] and Ctrl-[ indent. */
export function openEditor({ parent, text, label, describedBy, isInvalid, onText }: EditorOptions): Editor {
  const attributes = {
    'aria-label': label,
    ...(describedBy !== undefined && { 'aria-describedby': describedBy }),
    ...(isInvalid && { 'aria-invalid': 'true' }),
  }
  const view = new EditorView({
    parent,
    // In a shadow root its style sheets are objects; as elements, the policy of the page would refuse them.
    root: parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        foldGutter(),
        history(),
        drawSelection(),
        bracketMatching(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        syntaxHighlighting(colours),
        json(),
        looks,
        keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap]),
        EditorView.contentAttributes.of(attributes),
        EditorView.updateListener.of(update => {
          if (update.docChanged) onText(update.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    get text() {
      return view.state.doc.toString()
    },
    replace: given => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: given } }),
    focus: () => view.focus(),
    close: () => view.destroy(),
  }
}

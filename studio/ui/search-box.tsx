import type { VNode } from 'preact'

interface SearchBoxProps {
  /** What is looked for, in words. */
  readonly label: string
  readonly text: string
  readonly onText: (text: string) => void
}

/** A field for words that a list is narrowed by. */
export function SearchBox({ label, text, onText }: SearchBoxProps): VNode {
  return (
    <input
      type="search"
      placeholder={label}
      aria-label={label}
      value={text}
      onInput={event => onText(event.currentTarget.value)}
    />
  )
}

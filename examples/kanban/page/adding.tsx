import { useState, type FormEvent, type ReactNode } from 'react'
import { useMutation } from '../../../src/client/adapters/react.ts'

interface AddingProps {
  readonly label: string
  readonly onAdd: (text: string) => Promise<unknown>
}

/** A button that becomes a field for one line. It stays open, so that several can be added. */
export function Adding({ label, onAdd }: AddingProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  const { mutate, problem } = useMutation(onAdd)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const text = (new FormData(form).get('text') as string).trim()
    if (text === '') return setIsOpen(false)
    form.reset()
    void mutate(text)
  }
  if (!isOpen)
    return (
      <button className="add" onClick={() => setIsOpen(true)}>
        + {label}
      </button>
    )
  return (
    <form
      className="adding"
      onSubmit={submit}
      onBlur={event => !event.currentTarget.contains(event.relatedTarget) && setIsOpen(false)}
    >
      <input
        name="text"
        aria-label={label}
        placeholder={label}
        autoFocus
        onKeyDown={({ key }) => key === 'Escape' && setIsOpen(false)}
      />
      {problem && <p role="alert">{problem.message}</p>}
    </form>
  )
}

import { Suspense, useEffect, useRef, type FormEvent, type ReactNode } from 'react'
import { useLive, useMutation } from '../../../src/client/adapters/react.ts'
import { api, type Card, type Column, type User } from './api.ts'
import { Picture } from './card.tsx'
import { Avatar } from './people.tsx'

interface DialogProps {
  readonly card: Card
  readonly columns: readonly Column[]
  readonly users: readonly User[]
  /** The rank at the end of a column. */
  readonly rankIn: (column: string) => number
  readonly onClose: () => void
}

/** All about a card. Each field is written when it is left. */
export function CardDialog({ card, columns, users, rankIn, onClose }: DialogProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const { mutate: change, problem } = useMutation((fields: Parameters<typeof api.card.patch>[1]) =>
    api.card.patch(card.id, fields),
  )
  const {
    mutate: send,
    problem: refused,
    isPending,
  } = useMutation((file: File) => api.card.upload(card.id, 'picture', file))
  const write = (fields: Parameters<typeof change>[0]): void => void change(fields)
  const wrong = problem ?? refused
  return (
    <dialog
      ref={dialog}
      aria-label={card.title}
      onClose={onClose}
      onClick={event => event.target === dialog.current && onClose()}
    >
      <div className="card">
        <button className="close" aria-label="Close" onClick={onClose}>
          ×
        </button>
        <Text label="Title" value={card.title} onChange={title => write({ title })} />
        {card.picture && <Picture card={card} />}
        <div className="row">
          <Choice
            label="Column"
            value={card.column}
            options={columns.map(({ id, title }) => [id, title])}
            onChange={column => write({ column, rank: rankIn(column) })}
          />
          <Choice
            label="Assignee"
            value={card.assignee ?? ''}
            options={[['', 'Nobody'], ...users.map(({ id, name }) => [id, name] as const)]}
            onChange={id => write({ assignee: id === '' ? null : Number(id) })}
          />
        </div>
        <Text label="Description" value={card.details} isLong onChange={details => write({ details })} />
        <div className="row">
          <label className="button">
            {isPending ? 'Sending …' : 'Picture'}
            <input
              type="file"
              accept="image/*"
              hidden
              onChange={({ target }) => target.files?.[0] && void send(target.files[0])}
            />
          </label>
          {card.picture && <button onClick={() => write({ picture: null })}>Remove the picture</button>}
          <button className="danger" onClick={() => void api.card.delete(card.id).safe()}>
            Delete the card
          </button>
        </div>
        {wrong && <p role="alert">{wrong.message}</p>}
        <h3>Comments</h3>
        <Suspense>
          <Comments card={card.id} users={users} />
        </Suspense>
      </div>
    </dialog>
  )
}

function Comments({ card, users }: { readonly card: string; readonly users: readonly User[] }): ReactNode {
  const { rows } = useLive(api.comment.live({ filter: { card }, sort: 'at' }))
  const { mutate, problem } = useMutation((text: string) => api.comment.create({ id: crypto.randomUUID(), card, text }))
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const text = new FormData(event.currentTarget).get('text') as string
    event.currentTarget.reset()
    void mutate(text)
  }
  return (
    <>
      <ul className="comments">
        {rows.map(({ id, text, author }) => {
          const user = users.find(one => one.id === author)
          return (
            <li key={id}>
              {user && <Avatar user={user} />} <p>{text}</p>
            </li>
          )
        })}
      </ul>
      <form className="row" onSubmit={submit}>
        <input name="text" aria-label="Comment" placeholder="Write a comment" required />
        <button className="main">Send</button>
      </form>
      {problem && <p role="alert">{problem.message}</p>}
    </>
  )
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly isLong?: boolean
  readonly onChange: (text: string) => void
}

/** A field that shows what others write, until one writes oneself. */
function Text({ label, value, isLong = false, onChange }: TextProps): ReactNode {
  const Tag = isLong ? 'textarea' : 'input'
  return (
    <label>
      {label}
      <Tag
        key={value}
        defaultValue={value}
        onBlur={({ target }: { readonly target: HTMLInputElement | HTMLTextAreaElement }) =>
          target.value.trim() !== value && onChange(target.value.trim())
        }
      />
    </label>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string | number
  readonly options: readonly (readonly [value: string | number, text: string])[]
  readonly onChange: (value: string) => void
}

const Choice = ({ label, value, options, onChange }: ChoiceProps): ReactNode => (
  <label>
    {label}
    <select value={value} onChange={event => onChange(event.target.value)}>
      {options.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

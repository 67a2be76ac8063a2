import { useState } from 'react'
import { useLive, useMutation, useStatus } from 'restuary/react'
import { api } from './api.ts'

export function Todos({ onLogout }: { onLogout: () => void }) {
  const { rows } = useLive(api.todo.live({ sort: 'id' })) // drawn again after each change, wherever it was made
  const { connection } = useStatus(api)
  const [text, setText] = useState('')
  const add = useMutation((text: string) => api.todo.create({ text }))
  return (
    <>
      <form
        onSubmit={event => {
          event.preventDefault()
          void add.mutate(text).then(made => made && setText(''))
        }}
      >
        <input
          aria-label="New todo"
          placeholder="What is to be done?"
          maxLength={500}
          required
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <button>Add</button>
      </form>
      <p id="problem" role="alert">
        {add.problem?.issues[0]?.detail ?? add.problem?.message}
      </p>
      <ul>
        {rows.map(todo => (
          <li key={todo.id}>
            <label className={todo.done ? 'done' : ''}>
              <input
                type="checkbox"
                checked={todo.done}
                onChange={event => void api.todo.patch(todo.id, { done: event.target.checked })}
              />{' '}
              {todo.text}
            </label>
            <button onClick={() => void api.todo.delete(todo.id)}>Delete</button>
          </li>
        ))}
      </ul>
      <p role="status">{connection === 'offline' && 'No connection. Changes are shown when it is back.'}</p>
      <button onClick={() => void api.$auth.logout().finally(onLogout)}>Log out</button>
    </>
  )
}

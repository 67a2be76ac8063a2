import { useState, type FormEvent, type ReactNode } from 'react'
import { useMutation } from '../../../src/client/adapters/react.ts'
import { PASSWORD, PEOPLE } from '../demo.ts'
import { api } from './api.ts'

export function Login({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [isNew, setIsNew] = useState(false)
  const { mutate, problem, isPending } = useMutation(async (fields: Record<string, string>) => {
    const { name = '', email = '', password = '' } = fields
    if (isNew) await api.user.create({ name, email, password })
    await api.$auth.login({ email, password })
    onDone()
  })
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    void mutate(Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>)
  }
  return (
    <main className="center">
      <form className="login" onSubmit={submit}>
        <h1>Kanban</h1>
        {isNew && <Field name="name" label="Name" autoComplete="name" />}
        <Field name="email" label="E-mail" type="email" autoComplete="username" />
        <Field name="password" label="Password" type="password" autoComplete="current-password" />
        {problem && <p role="alert">{problem.message}</p>}
        <button className="main" disabled={isPending}>
          {isNew ? 'Sign up' : 'Log in'}
        </button>
        <button type="button" className="link" onClick={() => setIsNew(!isNew)}>
          {isNew ? 'I have an account' : 'I am new here'}
        </button>
        <p>Or look around as</p>
        <div className="row">
          {PEOPLE.map(({ name, email }) => (
            <button type="button" key={email} onClick={() => void mutate({ email, password: PASSWORD })}>
              {name}
            </button>
          ))}
        </div>
      </form>
    </main>
  )
}

interface FieldProps {
  readonly name: string
  readonly label: string
  readonly type?: string
  readonly autoComplete: string
}

const Field = ({ label, ...input }: FieldProps): ReactNode => (
  <label>
    {label} <input required {...input} />
  </label>
)

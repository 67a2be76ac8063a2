import { useMutation } from 'restuary/react'
import { api } from './api.ts'

export function Login({ onLogin }: { onLogin: () => void }) {
  const { mutate, problem, isPending } = useMutation(async (form: FormData) => {
    const { email, password } = Object.fromEntries(form) as Record<string, string>
    if (form.get('new') === 'yes') await api.user.create({ email, password })
    await api.$auth.login({ email, password })
    onLogin()
  })
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        void mutate(new FormData(event.currentTarget, event.nativeEvent.submitter))
      }}
    >
      <label>
        E-mail <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" minLength={8} required />
      </label>
      <button disabled={isPending}>Log in</button>
      <button disabled={isPending} name="new" value="yes">
        Sign up
      </button>
      <p id="problem" role="alert">
        {problem?.issues[0]?.detail ?? problem?.message}
      </p>
    </form>
  )
}

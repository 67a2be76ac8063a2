import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { api, isLoggedIn, lookAsOneself, lookingAs, lookWith } from '../server/client.ts'
import { description } from '../server/description.ts'
import { askTokensOf, inner, loadInner } from '../server/inner.ts'
import { idOf } from '../server/ids.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain, say } from '../ui/toast.tsx'

/** Shows who is logged in, and opens the dialog to log in, log out and look as another user. */
export function SessionMenu(): VNode | null {
  const [isOpen, setOpen] = useState(false)
  const { login } = description.value!
  if (!login && !inner.value?.may.lookAs) return null
  const as = lookingAs.value
  return (
    <>
      <Button icon={as === null ? 'user' : 'key'} kind={as === null ? 'quiet' : 'danger'} onClick={() => setOpen(true)}>
        {as !== null ? `as ${as}` : isLoggedIn.value ? inner.value?.me?.label || 'Logged in' : 'Log in'}
      </Button>
      {isOpen && <SessionDialog login={login} onClose={() => setOpen(false)} />}
    </>
  )
}

function SessionDialog({
  login,
  onClose,
}: {
  readonly login: readonly string[] | null
  readonly onClose: () => void
}): VNode {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({})
  const [problem, setProblem] = useState<string | null>(null)
  const [user, setUser] = useState('')
  const done = (words: string): void => {
    say(words)
    void loadInner()
    onClose()
  }
  const logIn = (): void => {
    api.value.$auth.login(texts).then(
      () => done('Logged in'),
      (error: Error) => setProblem(error.message),
    )
  }
  const logOut = (): void => {
    api.value.$auth
      .logout()
      .catch(() => {})
      .finally(() => done('Logged out'))
  }
  const look = (): void => {
    askTokensOf(idOf(user)).then(tokens => {
      lookWith(idOf(user), tokens)
      say(`You look as ${user}. The log says so.`)
      onClose()
    }, complain)
  }
  return (
    <Dialog title="Who looks" onClose={onClose}>
      {lookingAs.value !== null ? (
        <>
          <p>
            You see what {inner.value?.users ?? 'user'} {lookingAs.value} sees, and what you write is theirs.
          </p>
          <Button
            kind="primary"
            onClick={() => {
              lookAsOneself()
              done('You are yourself again')
            }}
          >
            Be myself again
          </Button>
        </>
      ) : isLoggedIn.value ? (
        <Button onClick={logOut}>Log out</Button>
      ) : (
        login && (
          <form
            class="form"
            onSubmit={event => {
              event.preventDefault()
              logIn()
            }}
          >
            {login.map(name => (
              <label key={name} class="field">
                <span>{name}</span>
                <input
                  {...(/pass|secret/i.test(name) ? { type: 'password' } : {})}
                  autocomplete={/pass/i.test(name) ? 'current-password' : 'username'}
                  value={texts[name] ?? ''}
                  onInput={event => {
                    const { value } = event.currentTarget
                    setTexts(all => ({ ...all, [name]: value }))
                  }}
                />
              </label>
            ))}
            {problem && (
              <p class="bad" role="alert">
                {problem}
              </p>
            )}
            <Button kind="primary" type="submit">
              Log in
            </Button>
          </form>
        )
      )}
      {inner.value?.may.lookAs && inner.value.users && lookingAs.value === null && (
        <form
          class="form look-as"
          onSubmit={event => {
            event.preventDefault()
            look()
          }}
        >
          <label class="field">
            <span>Look as another {inner.value.users}</span>
            <input placeholder="its id" value={user} onInput={event => setUser(event.currentTarget.value.trim())} />
          </label>
          <Button type="submit" disabled={user === ''}>
            Look as this {inner.value.users}
          </Button>
        </form>
      )}
    </Dialog>
  )
}

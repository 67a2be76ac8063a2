import { Component, Suspense, useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { api, currentUser } from './api.ts'
import { Boards } from './boards.tsx'
import { Login } from './login.tsx'

/** Shows what went wrong. After a session that has ended one logs in again. */
class Boundary extends Component<
  { readonly children: ReactNode; readonly onReset: () => void },
  { error: Error | null }
> {
  override state: { error: Error | null } = { error: null }
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }
  override render(): ReactNode {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <main className="center">
        <p role="alert">{error.message}</p>
        <button onClick={this.props.onReset}>Log in again</button>
      </main>
    )
  }
}

function App(): ReactNode {
  const [me, setMe] = useState(currentUser)
  const leave = (): void =>
    void api.$auth
      .logout()
      .safe()
      .then(() => setMe(null))
  if (me === null) return <Login onDone={() => setMe(currentUser)} />
  return (
    <Boundary onReset={leave}>
      <Suspense fallback={<main className="center">Loading …</main>}>
        <Boards me={me} onLeave={leave} />
      </Suspense>
    </Boundary>
  )
}

createRoot(document.getElementById('root')!).render(<App />)

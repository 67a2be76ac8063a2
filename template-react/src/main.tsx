import { StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { isLoggedIn } from './api.ts'
import { Login } from './login.tsx'
import { Todos } from './todos.tsx'

function Page() {
  const [isIn, setIn] = useState(isLoggedIn)
  useEffect(() => {
    // Somebody logs in or out in another window.
    const look = () => setIn(isLoggedIn())
    addEventListener('storage', look)
    return () => removeEventListener('storage', look)
  }, [])
  return (
    <>
      <h1>Todo</h1>
      {isIn ? (
        <Suspense fallback={<p>Loading …</p>}>
          <Todos onLogout={() => setIn(false)} />
        </Suspense>
      ) : (
        <Login onLogin={() => setIn(true)} />
      )}
    </>
  )
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)

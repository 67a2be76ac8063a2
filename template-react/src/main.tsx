import { StrictMode, Suspense, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { isLoggedIn } from './api.ts'
import { Login } from './login.tsx'
import { Todos } from './todos.tsx'

function Page() {
  const [isIn, setIn] = useState(isLoggedIn)
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

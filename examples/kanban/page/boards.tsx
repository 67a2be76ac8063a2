import { Suspense, useState, type ReactNode } from 'react'
import { useLive, useStatus } from '../../../src/client/adapters/react.ts'
import { api } from './api.ts'
import { BoardView } from './board.tsx'
import { Adding } from './adding.tsx'
import { Avatar } from './people.tsx'

interface BoardsProps {
  readonly me: number
  readonly onLeave: () => void
}

/** The boards of the user, one of which is open. */
export function Boards({ me, onLeave }: BoardsProps): ReactNode {
  const { rows: boards } = useLive(api.board.live({ sort: 'id' }))
  const { rows: users } = useLive(api.user.live({ sort: 'name' }))
  const [chosen, choose] = useState<number | null>(null)
  const open = boards.find(board => board.id === chosen) ?? boards[0]
  const user = users.find(({ id }) => id === me)
  const create = async (title: string): Promise<void> => choose((await api.board.create({ title, members: [me] })).id)
  return (
    <>
      <header>
        <h1>Kanban</h1>
        <nav aria-label="Boards">
          {boards.map(({ id, title }) => (
            <button key={id} aria-current={id === open?.id ? 'page' : undefined} onClick={() => choose(id)}>
              {title}
            </button>
          ))}
          <Adding label="New board" onAdd={create} />
        </nav>
        <Connection />
        <span className="account">
          {user && <Avatar user={user} />}
          <button onClick={onLeave}>Log out</button>
        </span>
      </header>
      {open && (
        <Suspense fallback={<main className="center">Loading …</main>}>
          <BoardView key={open.id} board={open} users={users} me={me} />
        </Suspense>
      )}
    </>
  )
}

/** Says whether the page is up to date, and how many changes are on their way. */
function Connection(): ReactNode {
  const { connection, pending } = useStatus(api)
  const isOpen = connection === 'open'
  const text = isOpen ? 'Live' : pending > 0 ? `Offline, ${pending} to send` : 'Offline'
  return (
    <span className="connection" role="status" data-open={isOpen}>
      {text}
    </span>
  )
}

import { useEffect, type ReactNode } from 'react'
import { useLive, useStatus } from '../../../src/client/adapters/react.ts'
import { api, type Board, type User } from './api.ts'

/** The colour of a person, the same on all pages. */
export const colourOf = (id: number): string => `hsl(${(id * 137 + 200) % 360} 62% 46%)`

export function Avatar({ user, isAway = false }: { readonly user: User; readonly isAway?: boolean }): ReactNode {
  return (
    <span className="avatar" title={user.name} data-away={isAway} style={{ background: colourOf(user.id) }}>
      {user.name.slice(0, 1).toUpperCase()}
    </span>
  )
}

/** The members of a board, those who look at it first. Somebody else may be added. */
export function Members({
  board,
  users,
  here,
}: {
  readonly board: Board
  readonly users: readonly User[]
  readonly here: ReadonlySet<number>
}): ReactNode {
  const members = users.filter(({ id }) => board.members.includes(id))
  const others = users.filter(({ id }) => !board.members.includes(id))
  const ordered = members.toSorted((a, b) => Number(here.has(b.id)) - Number(here.has(a.id)))
  const add = (id: number): void => void api.board.patch(board.id, { members: [...board.members, id] }).safe()
  return (
    <div className="members" aria-label="Members">
      {ordered.map(user => (
        <Avatar key={user.id} user={user} isAway={!here.has(user.id)} />
      ))}
      {others.length > 0 && (
        <select aria-label="Add a member" value="" onChange={event => add(Number(event.target.value))}>
          <option value="">+</option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}

/** This page, as the others see it. */
const mine = crypto.randomUUID()

export interface Here {
  readonly user: number
  readonly card: string | null
}

/** Tells the others that one looks at a board and which card one holds. Returns where the others are. */
export function useHere(board: number, card: string | null): readonly Here[] {
  const { rows } = useLive(api.here.live({ filter: { board } }))
  const { connection } = useStatus(api)
  // The row belongs to the connection that has written it last, so each new connection writes it again.
  useEffect(() => {
    if (connection === 'open') void api.here.replace(mine, { board, card }).safe()
  }, [board, card, connection])
  useEffect(() => () => void api.here.delete(mine).safe(), [board])
  return rows.filter(({ id }) => id !== mine)
}

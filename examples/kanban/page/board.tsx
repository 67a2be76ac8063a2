import { useState, type DragEvent, type ReactNode } from 'react'
import { useLive } from '../../../src/client/adapters/react.ts'
import { Adding } from './adding.tsx'
import { api, type Board, type Card, type Column, type User } from './api.ts'
import { CardFace } from './card.tsx'
import { CardDialog } from './dialog.tsx'
import { Members, useHere } from './people.tsx'
import { rankBefore } from './rank.ts'

interface BoardProps {
  readonly board: Board
  readonly users: readonly User[]
  readonly me: number
}

/** Where a card that is dragged would be put: before another one, or at the end of a column. */
interface Place {
  readonly column: string
  readonly before: string | null
}

/** A board. All of it is live: what the others do is drawn as it happens, and what one does is drawn at once. */
export function BoardView({ board, users, me }: BoardProps): ReactNode {
  const { rows: columns } = useLive(api.column.live({ filter: { board: board.id }, sort: 'rank' }))
  const { rows: cards } = useLive(api.card.live({ filter: { column: { board: board.id } }, sort: 'rank' }))
  const [dragged, setDragged] = useState<string | null>(null)
  const [place, setPlace] = useState<Place | null>(null)
  const [opened, setOpened] = useState<string | null>(null)
  const here = useHere(board.id, dragged ?? opened)
  const holders = new Map(here.map(({ card, user }) => [card, users.find(({ id }) => id === user)]))
  const cardsOf = (column: string): Card[] => cards.filter(card => card.column === column)

  const addColumn = (title: string): Promise<Column> =>
    api.column.create({ id: crypto.randomUUID(), title, board: board.id, rank: rankBefore(columns, null) })
  const addCard = (column: string, title: string): Promise<Card> =>
    api.card.create({ id: crypto.randomUUID(), title, column, rank: rankBefore(cardsOf(column), null) })
  const drop = ({ column, before }: Place): void => {
    const others = cardsOf(column).filter(({ id }) => id !== dragged)
    if (dragged !== null && dragged !== before)
      void api.card.patch(dragged, { column, rank: rankBefore(others, before) }).safe()
  }
  const end = (): void => {
    setDragged(null)
    setPlace(null)
  }

  const open = cards.find(({ id }) => id === opened)
  return (
    <main className="board">
      <div className="title">
        <h2>{board.title}</h2>
        <Members board={board} users={users} here={new Set([me, ...here.map(({ user }) => user)])} />
      </div>
      <div className="columns">
        {columns.map(column => (
          <section
            key={column.id}
            aria-label={column.title}
            onDragOver={event => {
              event.preventDefault()
              setPlace(placeAt(event, column.id))
            }}
            onDrop={event => {
              event.preventDefault()
              drop(placeAt(event, column.id))
              end()
            }}
          >
            <h3>
              {column.title} <small>{cardsOf(column.id).length}</small>
            </h3>
            <ol data-drop={place?.column === column.id && place.before === null}>
              {cardsOf(column.id).map(card => (
                <CardFace
                  key={card.id}
                  card={card}
                  assignee={users.find(({ id }) => id === card.assignee)}
                  holder={holders.get(card.id)}
                  isDragged={card.id === dragged}
                  isBelow={place?.before === card.id}
                  onDrag={() => setDragged(card.id)}
                  onEnd={end}
                  onOpen={() => setOpened(card.id)}
                />
              ))}
            </ol>
            <Adding label="Add a card" onAdd={title => addCard(column.id, title)} />
          </section>
        ))}
        <div className="more">
          <Adding label="Add a column" onAdd={addColumn} />
        </div>
      </div>
      {open && (
        <CardDialog
          card={open}
          columns={columns}
          users={users.filter(({ id }) => board.members.includes(id))}
          rankIn={column => rankBefore(cardsOf(column), null)}
          onClose={() => setOpened(null)}
        />
      )}
    </main>
  )
}

/** Before the first card whose middle is below the pointer. */
function placeAt({ currentTarget, clientY }: DragEvent<HTMLElement>, column: string): Place {
  const below = [...currentTarget.querySelectorAll<HTMLElement>('[data-card]')].find(element => {
    const { top, height } = element.getBoundingClientRect()
    return clientY < top + height / 2
  })
  return { column, before: below?.dataset['card'] ?? null }
}

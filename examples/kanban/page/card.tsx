import { useEffect, useState, type ReactNode } from 'react'
import { api, type Card, type User } from './api.ts'
import { Avatar, colourOf } from './people.tsx'

interface CardProps {
  readonly card: Card
  readonly assignee: User | undefined
  /** Who else holds it or has it open. */
  readonly holder: User | undefined
  readonly isDragged: boolean
  /** Whether the card that is dragged would be put above it. */
  readonly isBelow: boolean
  readonly onDrag: () => void
  readonly onEnd: () => void
  readonly onOpen: () => void
}

export function CardFace({ card, assignee, holder, isDragged, isBelow, onDrag, onEnd, onOpen }: CardProps): ReactNode {
  return (
    <li
      data-card={card.id}
      data-below={isBelow}
      data-dragged={isDragged}
      data-held={holder !== undefined}
      style={holder && { borderColor: colourOf(holder.id) }}
      draggable
      onDragStart={event => {
        event.dataTransfer.effectAllowed = 'move'
        onDrag()
      }}
      onDragEnd={onEnd}
    >
      {holder && (
        <span className="holder" style={{ background: colourOf(holder.id) }}>
          {holder.name}
        </span>
      )}
      {card.picture && <Picture card={card} />}
      <button className="face" onClick={onOpen}>
        {card.title}
      </button>
      <footer>
        {card.details !== '' && <Icon title="It has a description" path="M2 4h12M2 8h12M2 12h7" />}
        {card.commentCount > 0 && (
          <span className="count">
            <Icon title="Comments" path="M2 3h12v8H7l-3 3v-3H2z" /> {card.commentCount}
          </span>
        )}
        {assignee && <Avatar user={assignee} />}
      </footer>
    </li>
  )
}

const Icon = ({ title, path }: { readonly title: string; readonly path: string }): ReactNode => (
  <svg viewBox="0 0 16 16" role="img" aria-label={title}>
    <path d={path} />
  </svg>
)

/** The picture of a card. It is read with the token of the user, which the browser would not send for the address of an image. */
export function Picture({ card }: { readonly card: Card }): ReactNode {
  const [url, setUrl] = useState<string>()
  const address = card.picture?.url
  useEffect(() => {
    let made: string | undefined
    const load = async (): Promise<void> => {
      const blob = await (await api.card.download(card.id, 'picture')).blob()
      setUrl((made = URL.createObjectURL(blob)))
    }
    load().catch(() => setUrl(undefined))
    return () => {
      if (made !== undefined) URL.revokeObjectURL(made)
    }
  }, [card.id, address, card.picture?.size])
  return <img src={url} alt="" draggable={false} />
}

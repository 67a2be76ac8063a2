import type { Frame, Id } from '../call.ts'
import type { Follower, LiveTransport } from '../follower.ts'
import type { KeptFollower } from '../offline/layer.ts'
import { idIn, type Row } from './order.ts'
import { isRow } from './share.ts'

/**
 * Follows what functions serve (docs/protocol.md §8.8), and tells it whole after each change. A change names a value by its URI, whose
 * last segment is taken for the id of the value. If there is no such value, everything is read again. New values come last.
 */
export const values = (transport: Pick<LiveTransport, 'follow'>): Pick<LiveTransport, 'follow'> => ({
  follow(follower) {
    const own = trimmed(decodeURIComponent(follower.request['uri'] as string))
    const begun = (follower as KeptFollower).toJSON() as Frame | undefined
    let list = (begun?.['data'] ?? []) as Row[]
    /** Whether the values have to be read. */
    let isNew = begun === undefined
    let coming: Row[] | null = null
    let stop = (): void => {}

    const placeOf = (id: Id | undefined): number =>
      id === undefined ? -1 : list.findIndex(value => String(idIn(value)) === String(id))
    /** The place of the value that an event is about. Without a URI it is the item that is followed. */
    const placeNamed = (uri = own): number =>
      trimmed(uri) === own ? list.length - 1 : placeOf(uri.slice(uri.lastIndexOf('/') + 1))
    /** Returns whether it could be told what an event is about. */
    const apply = ({ kind, uri, data, patch }: Frame): boolean => {
      const isNamed = kind !== 'enter'
      const at = isNamed ? placeNamed(uri) : placeOf(data?.id)
      const value = list[at]
      if (!isNamed) list.splice(at < 0 ? list.length : at, 1, data)
      else if (kind === 'leave' && at >= 0) list.splice(at, 1)
      else if (isRow(value)) list[at] = { ...value, ...patch }
      else return false
      return true
    }
    const begin = (): void => {
      stop = transport.follow(heard)
    }
    const heard: Follower = {
      request: follower.request,
      get position() {
        return isNew ? null : follower.position
      },
      isWaiting: false,
      learn: () => {},
      advance: position => follower.advance(position),
      restart(isOther) {
        isNew = true
        follower.restart(isOther)
      },
      stale() {
        coming = null
        follower.stale()
      },
      end: problem => follower.end(problem),
      hear(frame) {
        const { op, data, more, events, position } = frame
        if (op === 'resumed' || op === 'behind') return follower.hear(frame)
        if (op !== 'commit') {
          coming = op === 'reset' || !coming ? data : [...coming, ...data]
          if (more) return
          list = coming!
          coming = null
          isNew = false
        } else if (!(events as Frame[]).every(apply)) {
          isNew = true
          follower.hear({ op: 'behind' })
          stop()
          return begin()
        }
        follower.hear({ op: 'reset', data: list, ids: list.map(idIn), position })
      },
    }
    begin()
    return () => stop()
  },
})

const trimmed = (uri: string): string => uri.replaceAll(/^\/+|\/+$/g, '')

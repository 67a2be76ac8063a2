import { Fragment, type VNode } from 'preact'
import { useState } from 'preact/hooks'
import { askSubscriptions, type SubscribedQuery } from '../server/inner.ts'
import { Badge, Button, Empty } from '../ui/controls.tsx'
import { TableHead } from '../ui/table-head.tsx'
import { usePolled } from '../ui/use-polled.ts'
import { byteWords, nounWords, spanWords } from '../ui/words.ts'

const upkeepWords: Readonly<Record<string, string>> = {
  rows: 'Incremental: a changed row alone shows what it means.',
  maintained: 'Incremental: maintained from what commits change; no query runs again.',
  requeried: 'Not incremental: the query runs again after commits that may affect it',
}

const costWords =
  'What a commit that concerns the query takes, on average while somebody looks here; – = none has come yet.'

const upkeepOf = ({ upkeep, reason }: SubscribedQuery): string =>
  reason === null ? (upkeepWords[upkeep] ?? upkeep) : `${upkeepWords[upkeep]}, because ${reason}.`

const phaseWords: Readonly<Record<string, string>> = {
  following: 'Everything is told as it happens.',
  starting: 'A snapshot is being read.',
  held: 'The rights of the caller are being looked up.',
  behind: 'The connection is slow. Steps are left out until a new snapshot.',
  renewing: 'A new snapshot is on its way.',
}

/** All queries that somebody follows, what each costs, and what waits for its followers. */
export function QueryList(): VNode {
  const { value } = usePolled(askSubscriptions, 1_000)
  const [open, setOpen] = useState<string | null>(null)
  if (!value) return <p class="muted">Loading …</p>
  const { queries, told, position } = value
  if (queries.length === 0)
    return <Empty title="Nobody follows anything">Open a table in another window, and its queries appear here.</Empty>
  return (
    <>
      <p class="muted">
        Subscribers have been told up to <code>{told ?? '–'}</code>
        {told === position ? (
          ', which is the newest commit.'
        ) : (
          <>
            ; the newest commit is <code>{position}</code>.
          </>
        )}
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-label="Queries of the server">
        <table class="queries">
          <TableHead names={['Resource', 'Query', 'Followers', 'Waits', 'Upkeep', 'Found by', 'Cost per commit']} />
          <tbody>
            {queries.map((one, i) => {
              const key = `${one.resource} ${one.query} ${one.limit} ${i}`
              return (
                <Fragment key={key}>
                  <QueryLine one={one} isOpen={open === key} onOpen={() => setOpen(open === key ? null : key)} />
                  {open === key && <Followers one={one} />}
                </Fragment>
              )
            })}
          </tbody>
        </table>
      </div>
    </>
  )
}

function QueryLine({
  one,
  isOpen,
  onOpen,
}: {
  readonly one: SubscribedQuery
  readonly isOpen: boolean
  readonly onOpen: () => void
}): VNode {
  const waiting = one.followers.reduce((sum, { reader }) => sum + (reader?.waiting ?? 0), 0)
  const late = one.followers.filter(({ phase }) => phase !== 'following').length
  return (
    <tr>
      <th scope="row">{one.resource}</th>
      <td>
        <code>{one.query || 'all rows'}</code>
        {one.limit !== null && <span class="muted"> limit {one.limit}</span>}
      </td>
      <td class="right">
        <Button
          kind="quiet"
          pressed={isOpen}
          label={`${nounWords(one.subscriptions, 'follower')} of ${one.resource}`}
          onClick={onOpen}
        >
          {one.subscriptions}
        </Button>
      </td>
      <td class={waiting + late === 0 ? 'muted' : ''}>
        {waiting === 0 ? '–' : byteWords(waiting)} {late > 0 && <Badge tone="warn">{`${late} behind`}</Badge>}
      </td>
      <td title={upkeepOf(one)}>
        <Badge tone={one.upkeep === 'requeried' ? 'warn' : 'good'}>{one.upkeep}</Badge>
      </td>
      <td>
        <code>{one.foundBy.join(', ') || 'every change'}</code>
      </td>
      <td class="right" title={costWords}>
        {one.cost === null ? '–' : spanWords(one.cost)}
      </td>
    </tr>
  )
}

function Followers({ one }: { readonly one: SubscribedQuery }): VNode {
  return (
    <tr class="followers">
      <td colSpan={7}>
        <p class="muted">
          {upkeepOf(one)} It reads {one.reads.join(', ')}. {one.cost === null ? costWords : null}
        </p>
        <ul>
          {one.followers.map(({ phase, position, steps, reader }, i) => (
            <li key={i}>
              {reader === null ? 'the application' : reader.who === null ? 'anonymous' : `user ${reader.who}`}{' '}
              <span title={phaseWords[phase]}>
                <Badge tone={phase === 'following' ? 'good' : 'warn'}>{phase}</Badge>
              </span>{' '}
              <span class="muted">
                told up to <code>{position ?? '–'}</code>; {nounWords(steps, 'step')} and{' '}
                {byteWords(reader?.waiting ?? 0)} wait
              </span>
            </li>
          ))}
          {one.subscriptions > one.followers.length && (
            <li class="muted">and {one.subscriptions - one.followers.length} more</li>
          )}
        </ul>
      </td>
    </tr>
  )
}

// The first rows: three people, and a board that they share.
import type { Api } from '../../src/index.ts'

export const PASSWORD = 'correct horse'
export const PEOPLE: readonly { readonly name: string; readonly email: string }[] = [
  { name: 'Ann', email: 'ann@example.com' },
  { name: 'Bob', email: 'bob@example.com' },
  { name: 'Cleo', email: 'cleo@example.com' },
]

interface DemoCard {
  readonly title: string
  /** Places in PEOPLE. */
  readonly assignee?: number
  readonly details?: string
  readonly comments?: readonly (readonly [author: number, text: string])[]
}

const COLUMNS: Readonly<Record<string, readonly DemoCard[]>> = {
  Ideas: [
    { title: 'Postcards that write themselves' },
    {
      title: 'A map of all benches with a view',
      assignee: 2,
      comments: [[0, 'The one by the lighthouse has to be on it.']],
    },
    { title: 'Swim in every lake on the way' },
  ],
  'To do': [
    {
      title: 'Book the night train',
      assignee: 0,
      details: 'Ljubljana, 18:40. Three berths, and the bicycles.',
      comments: [
        [1, 'Lower berths, please.'],
        [2, 'There is a carriage for bicycles since May.'],
      ],
    },
    { title: 'Repair the tent', assignee: 1 },
    { title: 'Ask Dora to look after the cat' },
  ],
  Doing: [
    {
      title: 'Plan the route over the pass',
      assignee: 2,
      details: 'Not more than 60 km a day.',
      comments: [[0, 'Is there snow until May?']],
    },
    { title: 'Learn ten words of Slovene', assignee: 0 },
  ],
  Done: [
    { title: 'Agree on a week in June', assignee: 1 },
    { title: 'Tell Cleo that there will be hills', assignee: 0 },
  ],
}

export async function demo(app: Pick<Api, 'create'>): Promise<void> {
  const made = await app.create(
    'user',
    PEOPLE.map(person => ({ ...person, password: PASSWORD })),
  )
  const members = made.map(({ id }: { readonly id: number }) => id)
  const board = await app.create('board', { title: 'Summer trip', members })
  for (const [rank, [title, cards]] of Object.entries(COLUMNS).entries()) {
    const column = await app.create('column', { title, rank, board: board.id })
    for (const [place, { assignee, comments = [], ...card }] of cards.entries()) {
      const who = assignee === undefined ? null : members[assignee]
      const { id } = await app.create('card', { ...card, rank: place, column: column.id, assignee: who })
      for (const [author, text] of comments) await app.create('comment', { text, card: id, author: members[author] })
    }
  }
}

// The page of browser.test.ts: a board with two columns, whose cards are dragged from one to the other.
import { client } from '../../src/client/index.ts'
import { indexedDb } from '../../src/client/offline.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin, { offline: indexedDb() }) as any
const cards = api.card.live({ sort: 'text' })

for (const name of ['todo', 'done']) {
  const column = document.createElement('section')
  column.id = name
  column.addEventListener('dragover', event => event.preventDefault())
  column.addEventListener('drop', event => {
    event.preventDefault()
    void api.card.patch(event.dataTransfer!.getData('text'), { column: name })
  })
  document.body.append(column)
}

interface Card {
  readonly id: string
  readonly text: string
  readonly column: string
}

/** The elements by the id of their card. They are kept: a drag ends when its element leaves the page. */
const elements = new Map<string, HTMLElement>()

function elementOf({ id, text }: Card): HTMLElement {
  let element = elements.get(id)
  if (!element) {
    element = document.createElement('p')
    element.draggable = true
    element.addEventListener('dragstart', event => event.dataTransfer!.setData('text', id))
    elements.set(id, element)
  }
  if (element.textContent !== text) element.textContent = text
  return element
}

function draw(): void {
  document.body.dataset['status'] = cards.status
  document.body.dataset['pending'] = String(api.$status.pending)
  for (const name of ['todo', 'done']) {
    const column = document.getElementById(name)!
    const inside = cards.rows.filter((card: Card) => card.column === name).map(elementOf) as HTMLElement[]
    if (inside.length !== column.children.length || inside.some((element, at) => element !== column.children[at]))
      column.replaceChildren(...inside)
  }
}
cards.subscribe(draw)
api.$status.subscribe(draw)
draw()
Object.assign(globalThis, { api, cards })

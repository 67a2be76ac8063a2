// The page of browser.test.ts: a board with two columns, whose cards are dragged from one to the other.
import { client } from '../../src/client/index.ts'
import { indexedDbOutbox } from '../../src/client/offline.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the server is another program
const api = client<any>(location.origin, { outbox: indexedDbOutbox() }) as any
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

function draw(): void {
  document.body.dataset['status'] = cards.status
  document.body.dataset['pending'] = String(api.$status.pending)
  for (const name of ['todo', 'done']) {
    const inside = cards.rows.filter((row: { column: string }) => row.column === name)
    document.getElementById(name)!.replaceChildren(
      ...inside.map((row: { id: string; text: string }) => {
        const element = document.createElement('p')
        element.textContent = row.text
        element.draggable = true
        element.addEventListener('dragstart', event => event.dataTransfer!.setData('text', row.id))
        return element
      }),
    )
  }
}
cards.subscribe(draw)
api.$status.subscribe(draw)
draw()
Object.assign(globalThis, { api, cards })

// The server makes this client: it has a function for each operation, and knows the fields by their names.
import client from '/api/client.js'

const $ = selector => document.querySelector(selector)
let stop = () => {}

/** Shows the todos of the user who is logged in, or asks to log in. */
function show() {
  const isIn = client.$.getToken() !== null
  $('#login').hidden = isIn
  $('#mine').hidden = !isIn
  stop()
  if (isIn) stop = client.todo.live({ sort: 'id' }).subscribe(draw)
}

/** Draws all rows. It is called with the rows that are there now, and after each change, wherever it was made. */
function draw({ rows, status }) {
  if (status === 'refused') return logOut()
  $('#status').textContent = status === 'stale' ? 'No connection. Changes are shown when it is back.' : ''
  $('#todos').replaceChildren(...rows.map(itemOf))
}

function itemOf(todo) {
  const item = document.createElement('li')
  const label = document.createElement('label')
  const box = document.createElement('input')
  box.type = 'checkbox'
  box.checked = todo.done
  box.addEventListener('change', () => void attempt(() => client.todo.patch(todo.id, { done: box.checked })))
  label.append(box, ' ', todo.text)
  label.classList.toggle('done', todo.done)
  const remove = document.createElement('button')
  remove.textContent = 'Delete'
  remove.addEventListener('click', () => void attempt(() => client.todo.delete(todo.id)))
  item.append(label, remove)
  return item
}

/** Does something, and shows what the server has against it. */
async function attempt(work) {
  $('#problem').textContent = ''
  try {
    await work()
  } catch (error) {
    const places = error.errors?.map(({ pointer, detail }) => `${pointer.slice(2)}: ${detail}`)
    $('#problem').textContent = places?.join('; ') ?? error.detail ?? error.message
  }
}

async function logOut() {
  stop()
  await client.auth.logout().catch(() => client.$.clearToken())
  show()
}

$('#login').addEventListener('submit', event => {
  event.preventDefault()
  const isNew = event.submitter?.name === 'new'
  const { email, password } = Object.fromEntries(new FormData(event.target))
  void attempt(async () => {
    if (isNew) await client.user.create({ email, password })
    await client.auth.login({ email, password })
    event.target.reset()
    show()
  })
})

$('#add').addEventListener('submit', event => {
  event.preventDefault()
  const text = new FormData(event.target).get('text')
  void attempt(async () => {
    await client.todo.create({ text })
    event.target.reset()
  })
})

$('#logout').addEventListener('click', () => void logOut())
// Somebody logs in or out in another window.
addEventListener('storage', () => $('#login').hidden !== (client.$.getToken() !== null) && show())
show()

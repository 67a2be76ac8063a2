// The server makes this client: it has a function for each operation, and knows the resources by their names.
import client from '/client.js'

const RENEW = 5_000
const $ = selector => document.querySelector(selector)

/** Live queries of the page and of the open room; each is a function that ends it. */
const ends = []
let room = null
/** The row that shows others that this page is open. */
let mine = null

const elements = { rooms: $('#rooms'), here: $('#here'), messages: $('#messages'), status: $('#status') }

function show() {
  const isIn = client.$.getToken() !== null
  $('#login').hidden = isIn
  $('#chat').hidden = !isIn
  for (const end of ends.splice(0)) end()
  room = null
  if (isIn) ends.push(client.room.live({ sort: 'id' }).subscribe(drawRooms))
}

function drawRooms({ rows, status }) {
  if (status === 'refused') return logOut()
  elements.rooms.replaceChildren(...rows.map(roomItem))
  if (room === null && rows.length > 0) enter(rows[0])
}

function roomItem(row) {
  const item = document.createElement('li')
  const button = document.createElement('button')
  button.textContent = row.name
  button.ariaCurrent = String(row.id === room?.id)
  button.addEventListener('click', () => enter(row))
  item.append(button)
  return item
}

/** Opens a room: its last messages and who is there, from now on. */
function enter(row) {
  for (const end of ends.splice(1)) end()
  room = row
  $('#room').textContent = row.name
  for (const button of elements.rooms.querySelectorAll('button'))
    button.ariaCurrent = String(button.textContent === row.name)
  const filter = { room: row.id }
  ends.push(
    client.message.live({ filter, sort: '-id', limit: 50, include: ['author'] }).subscribe(drawMessages),
    client.here.live({ filter, sort: 'id', include: ['user'] }).subscribe(drawHere),
    stay(row.id),
  )
}

function drawMessages({ rows, status }) {
  elements.status.textContent = status === 'stale' ? 'No connection. Messages are shown when it is back.' : ''
  const list = elements.messages
  const wasAtEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 40
  list.replaceChildren(...rows.toReversed().map(messageItem))
  if (wasAtEnd) list.scrollTop = list.scrollHeight
}

function messageItem(row) {
  const item = document.createElement('li')
  item.style.setProperty('--hue', (row.author.id * 77) % 360)
  const name = document.createElement('b')
  name.textContent = row.author.name
  const time = document.createElement('time')
  time.dateTime = row.at
  time.textContent = new Date(row.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  const text = document.createElement('p')
  text.textContent = row.text
  item.append(name, ' ', time, text)
  return item
}

/** A user with two pages is shown once. */
function drawHere({ rows }) {
  const names = new Map()
  for (const { user, typing } of rows) names.set(user.name, typing || names.get(user.name) === true)
  elements.here.replaceChildren(
    ...[...names].map(([name, isTyping]) => {
      const item = document.createElement('li')
      item.textContent = isTyping ? `${name} is typing …` : name
      return item
    }),
  )
}

/** Shows others that this page has a room open, until the returned function is called. */
function stay(id) {
  let isOver = false
  mine = client.here.create({ room: id }).catch(() => null)
  const own = mine
  const renew = async () => {
    const row = await own
    if (row === null || isOver) return
    await client.here.patch(row.id, {}).catch(() => {
      // It has expired, because the computer slept or had no connection.
      if (!isOver) ends[3] = stay(id)
      isOver = true
      clearInterval(timer)
    })
  }
  const timer = setInterval(() => void renew(), RENEW)
  return () => {
    isOver = true
    clearInterval(timer)
    void own.then(row => row && client.here.delete(row.id)).catch(() => {})
  }
}

let quiet
async function type() {
  const row = await mine
  if (row === null) return
  if (quiet === undefined) void client.here.patch(row.id, { typing: true }).catch(() => {})
  clearTimeout(quiet)
  quiet = setTimeout(() => void stopTyping(), 2_000)
}

async function stopTyping() {
  clearTimeout(quiet)
  quiet = undefined
  const row = await mine
  if (row !== null) await client.here.patch(row.id, { typing: false }).catch(() => {})
}

/** Does something, and shows what the server has against it beside the form. */
async function attempt(form, work) {
  const problem = form.parentElement.querySelector('.problem')
  problem.textContent = ''
  try {
    await work()
  } catch (error) {
    const places = error.errors?.map(({ pointer, detail }) => `${pointer.slice(2)}: ${detail}`)
    problem.textContent = places?.join('; ') ?? error.detail ?? error.message
  }
}

async function logOut() {
  for (const end of ends.splice(0)) end()
  await client.auth.logout().catch(() => client.$.clearToken())
  show()
}

$('#login').addEventListener('submit', event => {
  event.preventDefault()
  const form = event.target
  const isNew = event.submitter?.name === 'new'
  const { name, password } = Object.fromEntries(new FormData(form))
  void attempt(form, async () => {
    if (isNew) await client.user.create({ name, password })
    await client.auth.login({ name, password })
    form.reset()
    show()
  })
})

$('#new-room').addEventListener('submit', event => {
  event.preventDefault()
  const form = event.target
  void attempt($('#write'), async () => {
    enter(await client.room.create({ name: new FormData(form).get('name') }))
    form.reset()
  })
})

$('#write').addEventListener('submit', event => {
  event.preventDefault()
  const form = event.target
  void attempt(form, async () => {
    await client.message.create({ room: room.id, text: new FormData(form).get('text') })
    form.reset()
    await stopTyping()
  })
})

$('#write').addEventListener('input', () => void type())
$('#logout').addEventListener('click', () => void logOut())
show()

'use strict'

const socket = io.connect(location.origin)
const list = document.getElementById('todos')
const itemOf = uri => document.getElementById(`todo${uri.split('/')[1]}`)

function show({ id, text, completed }) {
  if (document.getElementById(`todo${id}`)) return
  const item = document.createElement('li')
  item.id = `todo${id}`
  const box = document.createElement('input')
  box.type = 'checkbox'
  box.checked = completed
  box.addEventListener('click', () => {
    socket.emit('patch', { uri: `todo/${id}`, patch: { completed: box.checked } })
  })
  const remove = document.createElement('button')
  remove.textContent = '×'
  remove.addEventListener('click', () => socket.emit('delete', { uri: `todo/${id}` }))
  item.append(box, ` ${text} `, remove)
  list.append(item)
}

socket.on('connect', () => socket.emit('subscribe', 'todo/'))
socket.on('state', ({ resource }) => {
  list.replaceChildren()
  for (const todo of resource) show(todo)
})
socket.on('create', ({ resource }) => show(resource))
socket.on('patch', ({ uri, patch }) => {
  if ('completed' in patch) itemOf(uri).querySelector('input').checked = patch.completed
})
socket.on('delete', ({ uri }) => itemOf(uri)?.remove())
socket.on('api_error', error => console.error(error))
socket.on('server_error', error => console.error(error))

document.getElementById('new').addEventListener('submit', event => {
  event.preventDefault()
  const text = document.getElementById('text')
  socket.emit('create', { uri: 'todo/', attributes: { text: text.value } })
  text.value = ''
})

import client from '/client.js'

const $ = selector => document.querySelector(selector)
/** How much time the chart shows, in milliseconds. */
const SPAN = 120_000

// The state of the device is a stream of its own: what it is now, then each change.
let state = {}
const device = new EventSource('/thermostat')
device.addEventListener('snapshot', event => drawState(JSON.parse(event.data)[0]))
device.addEventListener('updated', event => drawState({ ...state, ...JSON.parse(event.data).patch }))

function drawState(now) {
  state = now
  $('#celsius').textContent = now.celsius.toFixed(1)
  $('#heating').textContent = now.heating ? 'heating' : 'idle'
  $('#heating').classList.toggle('on', now.heating)
  $('#wanted').textContent = now.target.toFixed(1)
  if (document.activeElement !== $('#set')) $('#set').value = now.target
}

$('#set').addEventListener('input', () => ($('#wanted').textContent = Number($('#set').value).toFixed(1)))
$('#set').addEventListener('change', async () => {
  const answer = await fetch('/thermostat', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ target: Number($('#set').value) }),
  })
  $('#problem').textContent = answer.ok ? '' : (await answer.json()).detail
})

// The chart is a live query of the newest measurements.
client.reading.live({ sort: '-id', limit: SPAN / 1_000 }).subscribe(({ rows, status }) => {
  $('#status').textContent = status === 'stale' ? 'no connection' : ''
  draw(rows.toReversed())
})
addEventListener('resize', () => draw(last))

let last = []
function draw(rows) {
  last = rows
  const chart = $('#chart')
  const { width, height } = chart.getBoundingClientRect()
  chart.setAttribute('viewBox', `0 0 ${width} ${height}`)
  if (rows.length === 0) return
  const values = rows.flatMap(row => [row.celsius, row.target])
  const low = Math.floor(Math.min(...values) - 1)
  const high = Math.ceil(Math.max(...values) + 1)
  const end = Date.parse(rows.at(-1).at)
  const left = 40
  const x = row => left + (width - left - 12) * (1 - (end - Date.parse(row.at)) / SPAN)
  const y = value => 12 + (height - 36) * (1 - (value - low) / (high - low))
  const line = value => rows.map(row => `${x(row).toFixed(1)},${y(value(row)).toFixed(1)}`).join(' ')
  const step = Math.max(1, Math.ceil((high - low) / 6))
  const degrees = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, n) => low + n * step)
  const now = rows.at(-1)
  chart.replaceChildren(
    ...degrees.flatMap(value => [
      shape('line', { x1: left, x2: width - 12, y1: y(value), y2: y(value), class: 'grid' }),
      shape('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, `${value}°`),
    ]),
    ...[120, 60, 0].map(ago =>
      shape(
        'text',
        {
          x: left + (width - left - 12) * (1 - (ago * 1_000) / SPAN),
          y: height - 4,
          'text-anchor': ago === 0 ? 'end' : ago === 120 ? 'start' : 'middle',
        },
        ago === 0 ? 'now' : `−${ago} s`,
      ),
    ),
    shape('polyline', { points: line(row => row.target), class: 'target' }),
    shape('polyline', { points: line(row => row.celsius), class: 'celsius' }),
    shape('circle', { cx: x(now), cy: y(now.celsius), r: 4, class: 'dot' }),
  )
}

function shape(name, attributes, text = '') {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.textContent = text
  return element
}

// node bench/million.ts [--connections=1000000] [--nodes=22] [--connect=0.25] [--gone=0.1] [--busy=0.5] [--longest=10000] [--seed=1]:
// a simulation of what happens when nodes of a large cluster die. Their clients come back at random times, the balancer spreads
// them, and each node serves them in turn beside its usual work: milliseconds of processor time for each that connects and
// subscribes (--connect) or has given up meanwhile (--gone), and the part of a core that is busy otherwise (--busy). The waits of
// clients are those of `restuary/client`. The network takes no time, and nobody is refused: a WebSocket is always accepted.
import { parseArgs } from 'node:util'
import { seeded } from '../test/rules/seeded.ts'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000000' },
    nodes: { type: 'string', default: '22' },
    connect: { type: 'string', default: '0.25' },
    gone: { type: 'string', default: '0.1' },
    busy: { type: 'string', default: '0.5' },
    longest: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
})
const connections = Number(values.connections)
const nodes = Number(values.nodes)
/** Milliseconds that a node needs for a client, or to see that it has gone: the part of the core that is free does it. */
const service = Number(values.connect) / (1 - Number(values.busy))
const inVain = Number(values.gone) / (1 - Number(values.busy))

/** As in `src/client/socket/reconnect.ts`: the longest wait of a client grows from one attempt to the next. */
const FIRST = 250
const LONGEST = Number(values.longest)
/** As in `src/client/socket/connection.ts`: a client gives up an attempt that is not answered for so long. */
const PATIENCE = 10_000

interface Storm {
  /** Milliseconds after which half of the clients, 99 of 100, and all are back. */
  readonly half: number
  readonly most: number
  readonly all: number
  readonly inVain: number
}

/** An attempt of a client to connect. */
interface Attempt {
  readonly at: number
  readonly tries: number
}

/** Attempts in the order of their times, in steps of a millisecond. */
class Calendar {
  readonly #days = new Map<number, Attempt[]>()
  #left = 0

  add(attempt: Attempt): void {
    const day = Math.floor(attempt.at)
    const due = this.#days.get(day)
    if (due) due.push(attempt)
    else this.#days.set(day, [attempt])
    this.#left++
  }

  /** Those of each millisecond, one after the other, with those that are added meanwhile. */
  *days(): Iterable<readonly Attempt[]> {
    for (let day = 0; this.#left > 0; day++) {
      const due = this.#days.get(day) ?? []
      this.#days.delete(day)
      this.#left -= due.length
      yield due
    }
  }
}

/** `lost` clients come back to `alive` nodes. */
function storm(lost: number, alive: number, random: () => number): Storm {
  const calendar = new Calendar()
  const wait = (tries: number): number => random() * Math.min(LONGEST, FIRST * 2 ** tries)
  for (let i = 0; i < lost; i++) calendar.add({ at: wait(0), tries: 1 })
  /** When each node has done what waits. */
  const free = new Float64Array(alive)
  const back: number[] = []
  let next = 0
  let gone = 0
  for (const due of calendar.days()) {
    for (const { at, tries } of due) {
      const node = next++ % alive
      const begins = Math.max(free[node]!, at)
      const isGone = begins - at > PATIENCE
      free[node] = begins + (isGone ? inVain : service)
      if (!isGone) back.push(free[node])
      else {
        gone++
        calendar.add({ at: at + PATIENCE + wait(tries), tries: tries + 1 })
      }
    }
  }
  back.sort((a, b) => a - b)
  const after = (part: number): number => back[Math.ceil(part * back.length) - 1]! / 1_000
  return { half: after(0.5), most: after(0.99), all: after(1), inVain: gone }
}

const per = connections / nodes
const third = Math.floor(nodes / 3)
const cases: readonly (readonly [string, number, number])[] = [
  ['one node dies', 1, nodes - 1],
  ['a third of the nodes dies', third, nodes - third],
  ['all restart at once', nodes, nodes],
]
console.log(`${connections} clients on ${nodes} nodes, ${service} ms of a node's time for each that comes back`)
for (const [name, dead, alive] of cases) {
  const { half, most, all, inVain: gone } = storm(Math.round(per * dead), alive, seeded(Number(values.seed)))
  const times = [half, most, all].map(seconds => seconds.toFixed(1))
  console.log(
    `${name}: half are back after ${times[0]} s, 99 % after ${times[1]} s, all after ${times[2]} s; ${gone} attempts in vain`,
  )
}

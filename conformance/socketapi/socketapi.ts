import { knownWords, playEach, type Closing } from '../each.ts'
import type { CaseResult, RunOptions } from '../result.ts'
import { departures } from './departures.ts'
import { Captures, isAsExpected, Player } from './player.ts'
import { words, type SetupVector, type SocketApiCase, type Step } from './vector.ts'

/** Runs recorded cases of Flask-SocketAPI against a real server, with socket.io-client. */
export function runSocketApi(file: readonly SocketApiCase[], options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file,
    (one, i) => one.name ?? `#${i}`,
    options,
    (one, closing, at) => play(one, options, closing, at),
  )
}

async function play(
  one: SocketApiCase,
  options: RunOptions,
  closing: Closing,
  at: (place: string) => void,
): Promise<string | null> {
  knownWords('case with', one, words.case)
  for (const step of one.steps) {
    knownWords('step with', step, words.step)
    knownWords('send', step.send ?? {}, words.send)
  }
  let { steps } = one
  for (const { id, rewrite } of departures) {
    const other = await rewrite({ ...one, steps }, (setup, asked) => observed(setup, asked, options, closing))
    if (!other) continue
    options.onDeparture?.(id, one.name)
    steps = other
  }
  const player = await Player.open(one.setup, options.store, closing)
  const captures = new Captures()
  for (const [index, recorded] of steps.entries()) {
    const step = captures.filled(recorded)
    at(`#${index} ${JSON.stringify(step)}`)
    const found = await player.play(step)
    for (const word of looks) {
      const expected = step[word]
      if (expected === undefined) continue
      captures.bind(step, expected, found[word])
      const wanted = captures.filled(word === 'registration' ? withoutClasses(expected as never) : expected)
      if (!isAsExpected(step, word, wanted, found[word])) return `${word} ${JSON.stringify(found[word])} found`
    }
  }
  return null
}

const looks = ['expect', 'ack', 'rooms', 'expectStore', 'log', 'registration'] as const

/** A fault of a declaration has no class of its own. */
function withoutClasses(refused: NonNullable<Step['registration']>): NonNullable<Step['registration']> {
  return refused.map(({ kind, rule, message }) => ({ kind, rule, message }))
}

/** The same steps with what is found in them instead of what was recorded. */
async function observed(
  setup: SetupVector,
  steps: readonly Step[],
  options: RunOptions,
  closing: Closing,
): Promise<readonly Step[]> {
  const player = await Player.open(setup, options.store, closing)
  const out: Step[] = []
  for (const step of steps) {
    const found = await player.play(step)
    const seen = Object.fromEntries(looks.filter(word => step[word] !== undefined).map(word => [word, found[word]]))
    out.push({ ...step, ...structuredClone(seen) })
  }
  return out
}

import { runProgram, type Figures } from './program.ts'
import { withServer } from './server.ts'
import { transports } from './transports.ts'

export interface RunOptions {
  readonly count: number
  /** The seed of the first program. The others follow it. */
  readonly seed: number
  /** The only transport. Default: all of them take turns. */
  readonly only?: string | undefined
  /** What is done is added to them. */
  readonly figures: Figures
  readonly tell?: (text: string) => void
  /** Whether the first fault ends it. */
  readonly stops?: boolean
}

export const noFigures = (): Figures => ({ programs: 0, writes: 0, cuts: 0, kills: 0, spells: 0, compared: 0 })

/** Runs random programs, one after the other. Returns what is wrong. */
export async function runPrograms(options: RunOptions): Promise<string[]> {
  const { count, seed: first, only, figures, tell = () => {}, stops = false } = options
  const names = Object.keys(transports).filter(name => only === undefined || name.includes(only))
  const wrong: string[] = []
  await withServer(async server => {
    for (let seed = first; seed < first + count; seed++) {
      const name = names[seed % names.length]!
      const program = { seed, server, optionsOf: transports[name]!, steps: 60, figures }
      const found = await runProgram(program).catch((thrown: unknown) => String(thrown))
      figures.programs++
      if (found === null) continue
      wrong.push(`${name}, seed ${seed}: ${found}`)
      tell(wrong.at(-1)!)
      if (stops) return
    }
  })
  return wrong
}

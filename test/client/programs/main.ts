// Runs random programs of clients. npm run programs -- [--count=1000] [--seed=1] [--only=TRANSPORT] [--planted]
import { parseArgs } from 'node:util'
import { hunt, planted } from './planted.ts'
import { noFigures, runPrograms } from './run.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    planted: { type: 'boolean', default: false },
  },
})

if (values.planted) {
  for (const name of Object.keys(planted)) console.log(`${name}: ${await hunt(name)}`)
} else {
  const figures = noFigures()
  const began = performance.now()
  const { only } = values
  const tell = (text: string): void => console.log(text)
  const wrong = await runPrograms({ count: Number(values.count), seed: Number(values.seed), only, figures, tell })
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(JSON.stringify({ ...figures, wrong: wrong.length, seconds }))
  process.exitCode = wrong.length > 0 ? 1 : 0
}

import { expect, test } from 'vitest'
import { fuzzFrames } from './frames.ts'
import { fuzzHttp } from './http.ts'

// `npm run fuzz` sends a million of each.
const seed = Number(process.env['SEED'] ?? 1)

test(`random requests are answered, and none of them is our fault (SEED=${seed})`, async () => {
  const { succeeded, faults } = await fuzzHttp(400, seed)
  expect(faults).toEqual([])
  expect(succeeded).toBeGreaterThan(100)
})

test.each(['native', 'envelope', 'socketio'] as const)(
  `random frames over %s are answered, and none of them is our fault (SEED=${seed})`,
  async face => {
    const { succeeded, faults } = await fuzzFrames(face, 300, seed)
    expect(faults).toEqual([])
    expect(succeeded).toBeGreaterThan(50)
  },
)

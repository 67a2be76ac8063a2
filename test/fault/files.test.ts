import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { killFileServers } from './files.ts'

const kills = faults.files

test(`${kills} killed servers: no acknowledged file is lost, partial, or left behind`, async () => {
  const result = await killFileServers(kills)
  tell(result)
  const { acknowledged, ...tally } = result
  expect(tally).toEqual({ kills, lost: 0, damaged: 0, left: 0 })
  expect(acknowledged).toBeGreaterThan(kills)
})

test('bytes that are said to be kept before they are would be missed', async () => {
  const { damaged } = await killFileServers(2, 'early')
  expect(damaged).toBeGreaterThan(0)
})

test('bytes that stay would be found', async () => {
  const { left } = await killFileServers(1, 'keeps')
  expect(left).toBeGreaterThan(0)
})

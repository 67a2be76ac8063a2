import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { startTogether } from './shared-file.ts'

const { starts } = faults

test(`${starts} times two processes start over one new file: both serve it, and do together what is done once`, async () => {
  const result = await startTogether(starts)
  tell(result)
  expect(result).toEqual({ starts, died: 0, seeded: 0, ran: 0 })
})

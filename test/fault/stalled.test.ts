import { expect, test } from 'vitest'
import { faults, tell } from './counts.ts'
import { stall } from './stalled.ts'

const { stalled } = faults
const { readers, events } = stalled

test(
  `${readers} readers that stop to read cost less than 64 MiB, and others hear each of ${events} events`,
  { timeout: 900_000 },
  async () => {
    const { grown, heard, ...rest } = await stall(stalled)
    tell({ grown, heard, ...rest })
    expect(rest).toEqual({ readers, events, disturbed: 0, open: readers })
    expect(new Set(Object.values(heard)).size).toBe(1)
    expect(grown).toBeLessThan(64 * 1_048_576)
  },
)

import { test } from 'vitest'
import { holes, hunt } from '../rules/learn/planted.ts'
import { faults, tell } from './counts.ts'

test.each(Object.keys(holes).slice(0, faults.planted))(
  'random models find that %s',
  async name => {
    tell({ name, ...(await hunt(name, 2_000)) })
  },
  300_000,
)

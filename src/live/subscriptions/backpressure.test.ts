import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Frame } from '../event.ts'
import { joined, Mailbox, Postman, type Wire } from './backpressure.ts'

class FakeWire implements Wire {
  readonly writes: Frame[] = []
  buffered = 0
  /** Bytes stay until the other side takes them. */
  isStuck = false
  closed: string | null = null

  write(bytes: Frame): void {
    this.writes.push(bytes)
    if (this.isStuck) this.buffered += bytes.length
  }

  close(reason: string): void {
    this.closed = reason
  }
}

/** So many bytes, each with their number as value. */
const bytes = (n: number): Uint8Array => new Uint8Array(n).fill(n)

describe('a mailbox', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const made = (): { wire: FakeWire; mailbox: Mailbox; drained: () => number } => {
    const wire = new FakeWire()
    const mailbox = new Mailbox(wire, new Postman(), { bytes: 100, stall: 1_000 })
    let times = 0
    mailbox.onDrained = () => void times++
    return { wire, mailbox, drained: () => times }
  }

  test('writes once a turn', () => {
    const { wire, mailbox } = made()
    mailbox.push(bytes(1))
    mailbox.answer(bytes(2))
    mailbox.push(bytes(3))
    expect(wire.writes).toEqual([])
    vi.runAllTicks()
    vi.runAllTimers()
    expect(wire.writes.map(piece => [...piece])).toEqual([[1, 2, 2, 3, 3, 3]])
  })

  test('drops events beyond its bound until everything is taken, and reports that once', () => {
    const { wire, mailbox, drained } = made()
    wire.isStuck = true
    mailbox.push(bytes(101))
    mailbox.flush()
    expect(mailbox.push(bytes(1))).toBe(false)
    expect(mailbox.slow).toBe(true)
    wire.buffered = 50
    mailbox.drained()
    expect(mailbox.push(bytes(1))).toBe(false)
    expect(drained()).toBe(0)
    wire.buffered = 0
    mailbox.drained()
    mailbox.drained()
    expect([drained(), mailbox.slow, mailbox.push(bytes(1))]).toEqual([1, false, true])
  })

  test('a burst that is taken at once does not stay slow', () => {
    const { mailbox, drained } = made()
    mailbox.push(bytes(101))
    expect(mailbox.push(bytes(1))).toBe(false)
    vi.runAllTimers()
    expect([drained(), mailbox.slow]).toEqual([1, false])
  })

  test('a long answer does not make it slow', () => {
    const { wire, mailbox } = made()
    wire.isStuck = true
    mailbox.answer(bytes(1_000))
    mailbox.flush()
    expect(mailbox.push(bytes(50))).toBe(true)
    expect(mailbox.push(bytes(51))).toBe(true)
    expect(mailbox.push(bytes(1))).toBe(false)
    expect(mailbox.isFull).toBe(true)
  })

  test('closes a connection that takes nothing, and spares one that takes something', () => {
    const { wire, mailbox } = made()
    wire.isStuck = true
    mailbox.push(bytes(101))
    mailbox.flush()
    wire.buffered = 60
    vi.advanceTimersByTime(1_000)
    expect(wire.closed).toBe(null)
    vi.advanceTimersByTime(1_000)
    expect(wire.closed).toBe('slow_consumer')
  })

  test('once closed takes and keeps nothing', () => {
    const { wire, mailbox } = made()
    mailbox.push(bytes(1))
    mailbox.close()
    mailbox.push(bytes(1))
    vi.runAllTimers()
    expect([wire.writes, vi.getTimerCount()]).toEqual([[], 0])
  })
})

test('only some of many mailboxes are written per turn, and frames that arrive meanwhile join', async () => {
  const postman = new Postman()
  const wires = Array.from({ length: 600 }, () => new FakeWire())
  const boxes = wires.map(wire => new Mailbox(wire, postman, { bytes: 100, stall: 1_000 }))
  for (const box of boxes) box.push(bytes(1))
  const written = (): number => wires.filter(wire => wire.writes.length > 0).length
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  await turn()
  expect(written()).toBe(250)
  for (const box of boxes) box.push(bytes(2))
  await turn()
  await turn()
  expect(written()).toBe(600)
  await turn()
  await turn()
  expect(wires.map(wire => wire.writes.length).filter(n => n === 1)).toHaveLength(350)
  expect(wires.every(wire => wire.writes.flatMap(piece => [...piece]).join() === '1,2,2')).toBe(true)
})

test('writes give way to connections that arrive, though not for ever', async () => {
  const postman = new Postman()
  const wire = new FakeWire()
  const mailbox = new Mailbox(wire, postman, { bytes: 100, stall: 1_000 })
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  mailbox.push(bytes(1))
  for (let i = 0; i < 10; i++) {
    postman.giveWay()
    await turn()
  }
  expect(wire.writes).toHaveLength(0)
  await turn()
  expect(wire.writes).toHaveLength(1)
  mailbox.push(bytes(1))
  for (let i = 0; i < 100; i++) {
    postman.giveWay()
    await turn()
  }
  expect(wire.writes).toHaveLength(2)
})

test('mailboxes with the same frames share the bytes', () => {
  const frames = [bytes(1), bytes(2)]
  expect(joined([...frames])).toBe(joined([...frames]))
  // Frames for other subscriptions come in between.
  const piece = joined(frames)
  expect(joined([bytes(3), bytes(4)])).not.toBe(piece)
  expect(joined([...frames])).toBe(piece)
  expect([...joined([frames[0]!, bytes(2), bytes(1)])]).toEqual([1, 2, 2, 1])
})

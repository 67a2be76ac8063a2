// Faults planted into what nodes agree on: the tests of test/nodes must find each of them.
// node test/fault/nodes-planted.ts [--only=TEXT]
import type { Planted } from './oracle-planted.ts'
import { failsWith, tellAll, type PlantedForTest } from './planted.ts'

const shared = (file: string, find: string, replace: string): Planted => ({
  file: `store/shared/${file}`,
  find,
  replace,
})

export const planted: Readonly<Record<string, PlantedForTest>> = {
  'a lease is taken although another node has it': {
    test: 'make the first rows once',
    faults: [shared('leases.ts', 'if (held && held.until > now) return { value: null }', '')],
  },
  'nodes make the first rows without waiting for each other': {
    test: 'make the first rows once',
    faults: [
      {
        file: 'operations.ts',
        find: "await leases.wait('seed')",
        replace: 'await leases.wait(`seed ${Math.random()}`)',
      },
    ],
  },
  'a text is replaced although another node has replaced it': {
    test: 'of many at the same time, none is lost among several stores',
    faults: [
      {
        file: 'store/postgres/shared-state.ts',
        find: 'version = excluded.version where s.version = excluded.was',
        replace: 'version = excluded.version',
      },
    ],
  },
  'a job is taken over from a node that is alive': {
    test: 'a job runs on one node',
    faults: [shared('this-node.ts', 'return !isGone(name) && this.#leases.isHeld(keyOf(name))', 'return false')],
  },
  'an action is begun again because its node is taken for dead': {
    test: 'is not begun again by another node',
    faults: [shared('this-node.ts', 'return !isGone(name) && this.#leases.isHeld(keyOf(name))', 'return false')],
  },
  'every node calls the hook': {
    test: 'what a hook for commits writes',
    faults: [
      {
        file: 'live/subscriptions/commit-hooks.ts',
        find: 'if (row && this.#isValid(row) && (row[POSITION] as number) >= commit.position) return',
        replace: '',
      },
      {
        file: 'live/subscriptions/commit-hooks.ts',
        find: 'this.#options.leases.take(`hook ${this.#key}`)',
        replace: 'this.#options.leases.take(`hook ${Math.random()}`)',
      },
    ],
  },
  'each node has its own key for cursors': {
    test: 'a page that one node began',
    faults: [shared('nodes.ts', "if (secret) key.set(keyFrom(secret, 'cursors'))", 'if (!secret) key.fill(0)')],
  },
  'each node signs tokens with its own secret': {
    test: 'a token, and a ticket',
    faults: [
      {
        file: 'auth/session/keys.ts',
        find: "secret ? keyFrom(secret, 'tokens') : randomBytes(32)",
        replace: 'randomBytes(32)',
      },
    ],
  },
  'a ticket stays good': {
    test: 'a token, and a ticket',
    faults: [
      {
        file: 'auth/session/tickets.ts',
        find: '{ value: found, text: null }',
        replace: '{ value: found }',
      },
    ],
  },
  'a session is not looked for again': {
    test: 'a token, and a ticket',
    faults: [
      {
        file: 'auth/session/callers.ts',
        find: 'if (known?.seen === seen) return known',
        replace: 'if (known) return known',
      },
    ],
  },
  'failed logins are counted by each node': {
    test: 'failed logins are counted together',
    faults: [
      {
        file: 'auth/login/attempts.ts',
        find: '  const network = networkOf(address)\n',
        replace: '  const network = `${networkOf(address)} ${(globalThis.nth = (globalThis.nth ?? 0) + 1) % 2}`\n',
      },
    ],
  },
  'lanes of handled lists are those of the node': {
    test: 'writes to one list of a handled resource',
    faults: [
      {
        file: 'engine/actions/handled-resources.ts',
        find: 'leases.wait(`list ${list}`)',
        replace: 'leases.wait(`list ${Math.random()}`)',
      },
    ],
  },
  'the tailer takes over only the newest commit': {
    test: 'subscribers hear what other nodes commit',
    faults: [
      {
        file: 'store/postgres/state.ts',
        find: 'commits.forEach(one => this.#learn(one))',
        replace: 'commits.slice(-1).forEach(one => this.#learn(one))',
      },
    ],
  },
  'lists that are kept miss what other nodes commit': {
    test: 'who has the position of a write reads it',
    faults: [
      {
        file: 'store/postgres/state.ts',
        find: 'for (const { resource, seq } of commit.changes) this.#changed.set(resource, seq)',
        replace: '',
      },
    ],
  },
  'a unit does not look at what other nodes wrote before it locked the head': {
    test: 'lose no update of a row',
    faults: [
      {
        file: 'store/postgres/write/side-unit.ts',
        find: 'base.hasMoved &&',
        replace: 'false &&',
      },
    ],
  },
  'a refusal of what another node has made right stands': {
    test: 'and refuses is asked again',
    faults: [
      {
        file: 'store/postgres/write/postgres-writer.ts',
        find: 'if (this.base.isUnsure && !(await this.base.isTrue())) throw new Misforeseen()',
        replace: '',
      },
    ],
  },
  'a row is kept as an earlier commit left it': {
    test: 'a row that another node has changed begins again',
    faults: [
      {
        file: 'store/log/kept-rows.ts',
        find: 'this.#of(resource).set(id, after)',
        replace: 'this.#of(resource).has(id) || this.#of(resource).set(id, after)',
      },
    ],
  },
  'a write does not notice that the server has started again': {
    test: 'the head of a server that has started again',
    faults: [
      { file: 'store/postgres/schema/functions.ts', find: 'and epoch = term and boot = ${BOOT};', replace: ';' },
    ],
  },
  'an ephemeral row goes although another node has renewed it': {
    test: 'live for their time, on whichever node',
    faults: [{ file: 'engine/ephemeral/expiry.ts', find: 'return left === 0', replace: 'return true' }],
  },
  'presence outlives its node': {
    test: 'end when the node dies that holds them',
    faults: [
      {
        file: 'engine/ephemeral/lifetimes.ts',
        find: 'by !== this.#node.name && (await this.#node.isAlive(by))',
        replace: 'true',
      },
    ],
  },
  'what the bus tells is not looked at': {
    test: 'tells other nodes of commits at once',
    faults: [
      {
        file: 'store/bus/news.ts',
        find: 'told.seq > position()) onNews(told.seq)',
        replace: 'told.seq < position()) onNews(0)',
      },
    ],
  },
}

export const isFound = (name: string): Promise<boolean> =>
  failsWith(planted[name]!, ['test/nodes/*.test.ts', 'test/postgres/foreseen-writes.test.ts'])

if (import.meta.main) await tellAll(planted, isFound)

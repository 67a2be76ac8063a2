import { api } from '../../src/api.ts'
import type { AnyResource } from '../../src/model/declare/declaration.ts'
import { EnvelopeFace } from '../../src/dialects/channels/face.ts'
import type { WebSocketFaces } from '../../src/transport/hosts/faces.ts'
import { knownWords, playEach, type Closing } from '../each.ts'
import { Unknown, type CaseResult, type RunOptions } from '../result.ts'
import { freshStore } from '../server/fresh-store.ts'
import { serveSockets } from '../server/socket-server.ts'
import { Expectation } from './expected.ts'
import { declareStream, permissionsOf } from './models.ts'
import { Player } from './player.ts'
import { words, type ChannelsCase } from './vector.ts'

/** Runs recorded cases of the envelope against a real server, over WebSockets. */
export function runChannels(file: readonly ChannelsCase[], options: RunOptions): Promise<CaseResult[]> {
  return playEach(
    file,
    (one, i) => one.name ?? `#${i}`,
    options,
    (one, closing, at) => play(one, options, closing, at),
  )
}

async function play(
  one: ChannelsCase,
  options: RunOptions,
  closing: Closing,
  at: (place: string) => void,
): Promise<string | null> {
  knownWords('case with', one, words.case)
  const { setup, profile = 'channels-api' } = one
  knownWords('setup with', setup, words.setup)
  for (const step of one.steps) {
    knownWords('step with', step, words.step)
    if (step.orm) knownWords('orm', step.orm, words.orm)
  }
  if (profile !== 'channels-api' && profile !== 'dcrf') throw new Unknown(`profile ${profile}`)
  const log: unknown[] = []
  const resources: Record<string, AnyResource> = {}
  const named = new Map<string, string>()
  // What a setup has no word for its note says.
  const denying = /needs a denying permission/i.test(one.note ?? '') ? { permissions: ['BasePermission'] } : {}
  for (const [stream, vector] of Object.entries(setup.streams)) {
    // Of two streams of one model the first has the rows.
    const key = named.has(vector.model) ? `${vector.model}_${stream}` : vector.model
    if (!named.has(vector.model)) named.set(vector.model, key)
    resources[key] = declareStream(stream, { ...vector, ...denying }, setup.pageSize ?? 25, log)
  }
  for (const row of setup.rows ?? []) knownWords('row with', row, words.row)
  for (const { model } of setup.rows ?? []) if (!named.has(model)) throw new Unknown(`rows of ${model}`)
  const app = api(resources, {
    store: freshStore(options.store),
    permissions: permissionsOf(setup.defaultPermissions, log),
    http: { log: () => {} },
    onFault: () => {},
    report: () => {},
  })
  let face: EnvelopeFace | undefined
  const spoken = profile === 'dcrf' ? 'dcrf' : 'channels'
  const websocket: WebSocketFaces = { '': host => (face = new EnvelopeFace(host, spoken)).accept }
  const sockets = await serveSockets({ ...app, faces: { websocket } })
  closing.defer(() => sockets.close())
  const expectation = new Expectation(one, id => options.onDeparture?.(id, one.name))
  const server = { ...sockets, face: face! }
  const player = new Player(one, app, server, log, expectation, id => options.onDeparture?.(id, one.name))
  closing.defer(() => player.close())
  await player.fill()
  for (const [i, step] of one.steps.entries()) {
    at(`#${i} ${JSON.stringify(step)}`)
    const fault = await player.run(step)
    if (fault !== null) return fault
  }
  return null
}

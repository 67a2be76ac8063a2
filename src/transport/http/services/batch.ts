import { readBatch, type BatchReader } from '../../batch/read-batch.ts'
import { batchText } from '../../batch/write-batch.ts'
import { UriTargets } from '../../uri-target.ts'
import type { Service } from '../endpoint.ts'
import { mediaOf, readJson } from '../request/body.ts'
import { readKey } from '../request/decode.ts'
import { positionReached } from '../min-position.ts'
import { finishResponse } from '../response/send.ts'
import type { Engine } from '../../../engine/engine.ts'
import type { AddressOf } from '../request/client-address.ts'

interface BatchOptions {
  /** Where batches are sent, below the prefix. */
  readonly path: string
  readonly prefix: string
  readonly addressOf: AddressOf | null
}

/** `POST /batch`, at whatever path: several calls in one transaction, all or nothing. */
export function batchService(engine: Engine, { path, prefix, addressOf }: BatchOptions): Service {
  const targets = new UriTargets(engine)
  return {
    path,
    methods: ['POST', 'OPTIONS'],
    isShed: true,
    serve: async (face, exchange) => {
      const principal = (await engine.authenticate?.(exchange)) ?? null
      const { idempotencyKey } = exchange
      const key = idempotencyKey === undefined ? null : readKey(idempotencyKey)
      mediaOf(exchange, 'POST', engine.limits.body)
      const content = await readJson(exchange, engine.limits)
      const origin = { principal, credentials: exchange, address: addressOf?.(exchange) }
      const reader: BatchReader = {
        targets,
        prefix,
        host: { engine },
        read: (target, work) => {
          try {
            return work()
          } catch (thrown) {
            throw engine.refusal({ ...target, principal }, thrown)
          }
        },
        asking: call => ({ ...call, ...origin }),
      }
      const parts = readBatch(content, reader)
      await positionReached(face, exchange)
      const done = await engine.batch({ parts, principal, key, content })
      const body = batchText(
        done,
        parts.map(({ name }) => name),
      )
      const fields = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))]
      fields.push('cache-control', 'no-store', 'position', done.position)
      if (done.replayed) fields.push('idempotency-replayed', 'true')
      finishResponse(face, exchange, 200, fields, body)
    },
  }
}

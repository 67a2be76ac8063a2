import { always, api, ApiError, handled, memory, resource, t, type Api } from '../../src/index.ts'
import type { Device } from './device.ts'

/** Measurements of the last minutes. They live in memory, and each is forgotten after a while. */
const reading = resource
  .ephemeral({ id: t.id(), at: t.now(), celsius: t.number(), target: t.number() }, { ttl: '5 min' })
  .rules(() => ({ read: always }))

/** A device behind functions, and its measurements. */
export function createApp(device: Device): Api {
  const thermostat = handled(
    {
      '/thermostat': {
        get: () => device.state,
        patch: ({ undo }, { target, ...others }: { target?: unknown }) => {
          const [unknown] = Object.keys(others)
          if (unknown !== undefined) throw refused(unknown, 'unknown_field', 'cannot be set')
          if (typeof target !== 'number' || target < 5 || target > 30)
            throw refused('target', 'range', 'must be a number from 5 to 30')
          const before = device.state.target
          undo(() => device.setTarget(before))
          device.setTarget(target)
        },
      },
    },
    { public: true },
  )
  const app = api({ reading, thermostat }, { store: memory() })
  device.start(({ celsius, target, heating }) => {
    void app.post('reading', { celsius, target })
    // Nobody sent a request: the change comes from outside, and subscribers of the device are told.
    void app.publish('/thermostat', { patch: { celsius, heating } })
  })
  return app
}

function refused(field: string, code: 'range' | 'unknown_field', detail: string): ApiError {
  return new ApiError('validation', { issues: [{ pointer: `#/${field}`, code, detail }] })
}

/** What the device measures and does at a moment. */
export interface DeviceState {
  /** Degrees Celsius. */
  readonly celsius: number
  /** Degrees Celsius to reach. */
  readonly target: number
  readonly heating: boolean
}

const OUTSIDE = 14

/** A thermostat. This one is made up; yours talks to a serial port, to MQTT or to the API of its maker. */
export class Device {
  #celsius = 18
  #target = 21
  #timer: NodeJS.Timeout | null = null
  /** How often it measures, in milliseconds. */
  readonly #every: number

  constructor(every = 1_000) {
    this.#every = every
  }

  get state(): DeviceState {
    const heating = this.#celsius < this.#target
    return { celsius: Math.round(this.#celsius * 100) / 100, target: this.#target, heating }
  }

  setTarget(celsius: number): void {
    this.#target = celsius
  }

  /** Calls back with each measurement. */
  start(measured: (state: DeviceState) => void): void {
    this.#timer = setInterval(() => {
      const warmth = this.state.heating ? 0.45 : 0
      const loss = (this.#celsius - OUTSIDE) * 0.02
      this.#celsius += warmth - loss + (Math.random() - 0.5) * 0.1
      measured(this.state)
    }, this.#every).unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
  }
}

/** What the device measures and does at a moment. */
export interface DeviceState {
  /** Degrees Celsius. */
  readonly celsius: number
  /** Degrees Celsius to reach. */
  readonly target: number
  readonly heating: boolean
}

const OUTSIDE = 14
/** By how many degrees it heats beyond the target, and waits below it. */
const SLACK = 0.4

/** A thermostat. This one is made up; yours talks to a serial port, to MQTT or to the API of its maker. */
export class Device {
  #celsius = 18
  #target = 21
  #heating = true
  #timer: NodeJS.Timeout | null = null
  /** How often it measures, in milliseconds. */
  readonly #every: number

  constructor(every = 1_000) {
    this.#every = every
  }

  get state(): DeviceState {
    return { celsius: Math.round(this.#celsius * 100) / 100, target: this.#target, heating: this.#heating }
  }

  setTarget(celsius: number): void {
    this.#target = celsius
  }

  /** Calls back with each measurement. */
  start(measured: (state: DeviceState) => void): void {
    this.#timer = setInterval(() => {
      const loss = (this.#celsius - OUTSIDE) * 0.02
      this.#celsius += (this.#heating ? 0.4 : 0) - loss + (Math.random() - 0.5) * 0.06
      if (this.#celsius > this.#target + SLACK) this.#heating = false
      else if (this.#celsius < this.#target - SLACK) this.#heating = true
      measured(this.state)
    }, this.#every).unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
  }
}

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Live } from '../../../live/live.ts'
import type { Admission } from '../../hosts/admission.ts'

/** The upper bounds of the buckets of durations, in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Durations {
  readonly buckets: number[]
  count: number
  sum: number
}

/** Counts responses, and prints the counts in the text format of Prometheus. */
export class Metrics {
  readonly #answers = new Map<string, number>()
  readonly #durations = new Map<string, Durations>()
  readonly #delay: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: 20 })
  readonly #admission: Admission | null
  readonly #live: Live | null

  constructor(admission: Admission | null, live: Live | null) {
    this.#admission = admission
    this.#live = live
    this.#delay.enable()
  }

  /**
   * Counts a response. `route` is a template with few values (`/todo/:id`) and never a path, since every value is a new time
   * series.
   */
  count(method: string, route: string, status: number, milliseconds: number): void {
    const series = `method="${METHODS.has(method) ? method : 'other'}",route="${escaped(route)}"`
    const answers = `${series},status="${status}"`
    this.#answers.set(answers, (this.#answers.get(answers) ?? 0) + 1)
    let durations = this.#durations.get(series)
    if (!durations) this.#durations.set(series, (durations = { buckets: BOUNDS.map(() => 0), count: 0, sum: 0 }))
    const seconds = milliseconds / 1_000
    durations.count++
    durations.sum += seconds
    const bucket = BOUNDS.findIndex(bound => seconds <= bound)
    if (bucket >= 0) durations.buckets[bucket]!++
  }

  /** All metrics, in the text exposition format 0.0.4. */
  text(): string {
    const lines: string[] = []
    const family = (name: string, type: string, help: string, samples: readonly string[]): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(sample => `${name}${sample}`))
    }
    family(
      'restuary_http_requests_total',
      'counter',
      'Answered requests.',
      [...this.#answers].map(([series, n]) => `{${series}} ${n}`),
    )
    family(
      'restuary_http_request_duration_seconds',
      'histogram',
      'Time from the header section of a request to its answer.',
      [...this.#durations].flatMap(histogram),
    )
    const admission = this.#admission
    if (admission) {
      family('restuary_in_flight', 'gauge', 'Requests that are being answered, in all protocols.', [
        ` ${admission.inFlight}`,
      ])
      family('restuary_shed_total', 'counter', 'Requests that were refused because of overload, in all protocols.', [
        ` ${admission.refused}`,
      ])
    }
    if (this.#live) {
      family('restuary_subscriptions', 'gauge', 'Open subscriptions.', [` ${this.#live.subscriptions}`])
      family(
        'restuary_live_queries',
        'gauge',
        'Different subscribed queries, by how their views are kept up to date.',
        Object.entries(this.#live.upkeep).map(([kind, n]) => `{upkeep="${kind}"} ${n}`),
      )
      family(
        'restuary_live_requery_seconds',
        'gauge',
        'Average time of the most expensive queries that run again after commits.',
        this.#live.requeries.map(
          ({ resource, query, cost }) => `{resource="${escaped(resource)}",query="${escaped(query)}"} ${cost / 1_000}`,
        ),
      )
    }
    this.#process(family)
    return `${lines.join('\n')}\n`
  }

  #process(family: (name: string, type: string, help: string, samples: readonly string[]) => void): void {
    const { user, system } = process.cpuUsage()
    const delay = this.#delay
    family('process_cpu_seconds_total', 'counter', 'Processor time of the process.', [` ${(user + system) / 1e6}`])
    family('process_resident_memory_bytes', 'gauge', 'Memory of the process.', [` ${process.memoryUsage.rss()}`])
    family('process_start_time_seconds', 'gauge', 'When the process began.', [` ${performance.timeOrigin / 1_000}`])
    family(
      'nodejs_eventloop_lag_seconds',
      'summary',
      'Delay of the event loop since the last request for metrics.',
      [50, 90, 99].map(part => `{quantile="${part / 100}"} ${delay.percentile(part) / 1e9}`),
    )
    delay.reset()
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])

function histogram([series, { buckets, count, sum }]: [string, Durations]): string[] {
  let sofar = 0
  return [
    ...buckets.map((n, i) => `_bucket{${series},le="${BOUNDS[i]}"} ${(sofar += n)}`),
    `_bucket{${series},le="+Inf"} ${count}`,
    `_sum{${series}} ${sum}`,
    `_count{${series}} ${count}`,
  ]
}

const escaped = (text: string): string =>
  text.replaceAll(/["\\\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`))

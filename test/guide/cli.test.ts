// docs/guide/cli.md shows what the program prints. `npm run reference` writes the help; test/project.test.ts compares `dev` and `routes`.
import { expect, test } from 'vitest'
import { HEAD, lineOf } from '../../src/cli/bench/bench.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { printedIn, readPage } from './pages.ts'

const page = readPage('docs/guide/cli.md')

test('each command is explained or linked', () => {
  const prose = page.text.replaceAll(/^```[^]*?^```$/gm, '')
  expect(Object.keys(COMMANDS).filter(name => !new RegExp(`\`(?:restuary )?${name}\``).test(prose))).toEqual([])
})

test('the table of bench', () => {
  const [head, ...lines] = printedIn(page, 'restuary bench http://localhost:3000').trimEnd().split('\n')
  expect(head).toBe(HEAD)
  const number = (text: string): number => Number(text.replaceAll(',', ''))
  for (const line of lines) {
    const [, name, figures, status, count] = /^(.*?) {2,}([\d,. ]+) {2}(\d+) × ([\d,]+)$/.exec(line)!
    const [requestsPerSecond, p50, p95, p99, max, bytes] = figures!.trim().split(/ +/).map(number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const latency = { p50, p95, p99, max }
    expect(line).toBe(
      lineOf({ name: name!, requestsPerSecond, latency, bytes, answers: { [status!]: number(count!) } }),
    )
  }
  expect(lines.length).toBe(4)
})

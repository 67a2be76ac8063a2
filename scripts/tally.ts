// Prints `N passed, N failed` from reports of `vitest --reporter=json`, and fails unless everything passed.
// usage: node scripts/tally.ts (<report.json> <exit status of the test run>)…
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

const args = process.argv.slice(2)
let passed = 0
let failed = args.length < 2 ? 1 : 0
for (let i = 0; i < args.length; i += 2) {
  const run = tally(args[i]!, args[i + 1] ?? '1')
  passed += run.passed
  failed += run.failed
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function tally(path: string, status: string): { passed: number; failed: number } {
  const report = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined
  const passed = report?.numPassedTests ?? 0
  // A file that cannot be loaded has no tests to count, and is a failure all the same.
  const broken = (report?.testResults ?? []).filter(
    file => file.status === 'failed' && !file.assertionResults.some(one => one.status === 'failed'),
  ).length
  const failed = (report?.numFailedTests ?? 0) + broken
  // Something outside the tests went wrong: an unhandled rejection, a crash, no report, no tests.
  return { passed, failed: failed === 0 && (status !== '0' || passed === 0) ? 1 : failed }
}

// Prints `N passed, N failed` from a report of `vitest --reporter=json`, and fails unless everything passed.
// usage: node scripts/tally.ts <report.json> <exit status of the test run>
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

const [path = '', status = '1'] = process.argv.slice(2)
const report: Report | undefined = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined

const passed = report?.numPassedTests ?? 0
// A file that cannot be loaded has no tests to count, and is a failure all the same.
const broken = (report?.testResults ?? []).filter(
  file => file.status === 'failed' && !file.assertionResults.some(one => one.status === 'failed'),
).length
let failed = (report?.numFailedTests ?? 0) + broken
// Something outside the tests went wrong: an unhandled rejection, a crash, no report, no tests.
if (failed === 0 && (status !== '0' || passed === 0)) failed = 1

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

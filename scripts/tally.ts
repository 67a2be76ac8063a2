// Prints what failed, and at the end `N passed, N failed`, from reports of `vitest --reporter=json`; fails unless everything
// passed.
// usage: node scripts/tally.ts (<report.json> <exit status of the test run>)…
import { existsSync, readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: FileResult[]
}

interface FileResult {
  name: string
  status: string
  message: string
  assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[]
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
  for (const file of report?.testResults ?? []) showFailures(file)
  const passed = report?.numPassedTests ?? 0
  // A file that cannot be loaded has no tests to count, and is a failure all the same.
  const broken = (report?.testResults ?? []).filter(
    file => file.status === 'failed' && !file.assertionResults.some(one => one.status === 'failed'),
  ).length
  const failed = (report?.numFailedTests ?? 0) + broken
  // Something outside the tests went wrong: an unhandled rejection, a crash, no report, no tests.
  return { passed, failed: failed === 0 && (status !== '0' || passed === 0) ? 1 : failed }
}

/** Says again at the end what failed, because the output above is long and is often kept only in part. */
function showFailures({ name, status, message, assertionResults }: FileResult): void {
  const failed = assertionResults.filter(one => one.status === 'failed')
  if (status === 'failed' && failed.length === 0) console.log(`FAILED ${name}\n${firstLines(message)}`)
  for (const { fullName, failureMessages } of failed) {
    console.log(`FAILED ${name} > ${fullName}\n${firstLines((failureMessages ?? []).join('\n'))}`)
  }
}

function firstLines(text: string): string {
  const lines = text.split('\n').slice(0, 12)
  return lines.map(line => `  ${line.slice(0, 400)}`).join('\n')
}

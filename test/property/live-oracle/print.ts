import type { Operation } from './random-commits.ts'
import { printDeclared } from './random-model.ts'
import type { Step } from './program.ts'
import type { Shrunk } from './shrink.ts'
import type { Kind } from './stores.ts'

/** Prints a failure for people: the difference, the model, the queries, the steps, and how to run it again. */
export function printFailure({ program, difference }: Shrunk, kind: Kind): string {
  const { seed, declaration, turn, subscribers, steps } = program
  const { step, who, what, expected, actual } = difference
  return [
    `seed ${seed} over ${kind}, step ${step}${who === null ? '' : `, subscriber ${who}`}: ${what}`,
    ...(expected
      ? ['expected:', ...expected.map(body => `  ${body}`), 'actual:', ...actual!.map(body => `  ${body}`)]
      : []),
    'model:',
    ...Object.entries(declaration).map(([name, declared]) => `  ${name}: ${printDeclared(declared)},`),
    ...(turn === 0 ? ['every slice of telling pauses'] : []),
    'subscribers:',
    ...subscribers.map(({ mode, ...asked }, i) => `  ${i}: ${mode} of ${JSON.stringify(asked)}`),
    'steps:',
    ...steps.flatMap((one, i) => printStep(one, i)),
    `again: SEED=${seed} npm test -- test/property/live-oracle`,
  ].join('\n')
}

function printStep(step: Step, i: number): string[] {
  if (step.kind === 'wait') return [`  ${i}: two hours pass`]
  if (!('commits' in step)) return [`  ${i}: ${step.who} ${words[step.kind]}`]
  const comers = step.kind === 'stream' && step.comers.length > 0 ? ` (${step.comers.join()} come or go)` : ''
  const lines = step.commits.map(commit => commit.map(printOperation).join('; '))
  const how = words[step.kind]
  return [`  ${i}: ${how}${comers}`, ...lines.map(line => `       ${line}`)]
}

const words = {
  join: 'joins',
  cut: 'is cut off',
  stall: 'takes nothing more',
  drain: 'takes what waited',
  commits: 'told together',
  crowd: 'at once',
  stream: 'one after the other',
} as const

function printOperation(operation: Operation): string {
  const { op, resource, id, body } = operation
  return `${op} ${resource} ${id}${body ? ` ${JSON.stringify(body)}` : ''}`
}

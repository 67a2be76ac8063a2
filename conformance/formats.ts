import { runBadInput } from './badinput/badinput.ts'
import { runBlargh } from './blargh/engine.ts'
import { runBlarghHttp } from './blargh/http.ts'
import { runChannels } from './channels/channels.ts'
import { runHttp } from './http/http.ts'
import type { CaseResult, RunOptions } from './result.ts'
import { runRestaction } from './restaction/restaction.ts'
import { runSocketApi } from './socketapi/socketapi.ts'
import { runValidr } from './validr/validr.ts'

type Run = (file: never, options: RunOptions) => Promise<CaseResult[]>
/** Whether the file of a format is a list of its cases, or an object with `cases`. */
type Form = 'list' | 'object'

/** The formats by what distinguishes their cases. The first one that fits is used. */
const formats: readonly (readonly [fits: (shape: Shape) => boolean, run: Run, form: Form])[] = [
  [({ members }) => members.has('checks'), runHttp, 'object'],
  [({ members }) => members.has('vectors'), runBadInput, 'object'],
  [
    ({ inCases, inSteps }) => inCases.has('base') || (inCases.has('seed') && inSteps.has('method')),
    runBlarghHttp,
    'object',
  ],
  [({ inCases }) => inCases.has('seed'), runBlargh, 'object'],
  [({ inCases }) => inCases.has('app'), runRestaction, 'object'],
  [({ inCases }) => inCases.has('schema'), runValidr, 'object'],
  [({ inSetups }) => inSetups.has('streams'), runChannels, 'list'],
  [({ inSetups, libraries }) => inSetups.has('handlers') || /SocketAPI/i.test(libraries), runSocketApi, 'list'],
]

/** Runs a parsed file by the runner of its format, which is recognised by its shape; null = no format fits. */
export function runFile(file: unknown, options: RunOptions): Promise<CaseResult[]> | null {
  const shape = shapeOf(file)
  const [, run, form] = formats.find(([fits]) => fits(shape)) ?? []
  if (!run) return null
  const isList = Array.isArray(file)
  const given = form === 'list' ? (isList ? file : memberOf(file, 'cases')) : isList ? { cases: file } : file
  return run(given as never, options)
}

interface Shape {
  readonly members: ReadonlySet<string>
  readonly inCases: ReadonlySet<string>
  readonly inSteps: ReadonlySet<string>
  readonly inSetups: ReadonlySet<string>
  readonly libraries: string
}

function shapeOf(file: unknown): Shape {
  const cases = objectsIn(Array.isArray(file) ? file : memberOf(file, 'cases'))
  return {
    members: new Set(Array.isArray(file) ? [] : Object.keys(file ?? {})),
    inCases: namesIn(cases),
    inSteps: namesIn(cases.flatMap(one => objectsIn(memberOf(one, 'steps')))),
    inSetups: namesIn(cases.flatMap(one => objectsIn([memberOf(one, 'setup')]))),
    libraries: cases.map(one => String(memberOf(one, 'lib') ?? '')).join(' '),
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

function objectsIn(value: unknown): object[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'object' && one !== null) : []
}

const namesIn = (objects: readonly object[]): Set<string> => new Set(objects.flatMap(one => Object.keys(one)))

import { departures as ofBadInput } from './badinput/departures.ts'
import { departures as ofBlargh } from './blargh/departures.ts'
import { httpDepartures as ofBlarghHttp } from './blargh/departures-http.ts'
import { answerRules, pushRules, writeRules } from './channels/departures.ts'
import { departures as ofRestaction, startDepartures } from './restaction/departures.ts'
import type { Reason } from './result.ts'
import { departures as ofSocketApi } from './socketapi/departures.ts'
import { departures as ofValidr } from './validr/departures.ts'

/** Every departure, by the format that it speaks of: a rule about behaviour, and its reason. */
export const departures: Readonly<Record<string, readonly Reason[]>> = {
  'blargh, its engine': ofBlargh,
  'blargh, over HTTP': ofBlarghHttp,
  restaction: [...ofRestaction, ...startDepartures],
  validr: ofValidr,
  socketapi: ofSocketApi,
  channels: [...answerRules, ...pushRules, ...writeRules],
  badinput: ofBadInput,
}

/** The table as a page: `DEPARTURES.md`. */
export function departuresPage(): string {
  const sections = Object.entries(departures).map(
    ([format, all]) =>
      `## ${format}\n\n| departure | why |\n|---|---|\n` +
      all.map(({ id, why }) => `| \`${id}\` | ${why.replaceAll('|', '\\|')} |\n`).join(''),
  )
  return `# Departures\n\n${introduction}\n\n${sections.join('\n')}`
}

const introduction =
  'Where Restuary answers otherwise than recorded cases on purpose, by format. Each is a rule about behaviour in the file\n' +
  '`departures.ts` of its format. This page is written by `npm run conformance -- --table`.'

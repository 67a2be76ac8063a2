import { departures as ofBlargh } from './blargh/departures.ts'
import { httpDepartures as ofBlarghHttp } from './blargh/departures-http.ts'
import { answerRules, pushRules, writeRules } from './channels/departures.ts'
import { departures as ofRestaction } from './restaction/departures.ts'
import type { Reason } from './result.ts'
import { departures as ofSocketApi } from './socketapi/departures.ts'
import { departures as ofValidr } from './validr/departures.ts'

/** Every departure, by the format that it speaks of: a rule about behaviour, and its reason. */
export const departures: Readonly<Record<string, readonly Reason[]>> = {
  'blargh, its engine': ofBlargh,
  'blargh, over HTTP': ofBlarghHttp,
  restaction: ofRestaction,
  validr: ofValidr,
  socketapi: ofSocketApi,
  channels: [...answerRules, ...pushRules, ...writeRules],
}

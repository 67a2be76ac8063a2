import * as types from '../../schema/field-types/built-in.ts'
import { inputSuite, is, no, samples, UUID, type InputRow } from '../../testing/input-suite.ts'
import { drf } from './drf.ts'

const { integer, number, bool, text, json, date, datetime, money, color, id, uuid, key } = samples

const rows: InputRow[] = [
  [text, 5, is('5')],
  [text, 1.5, is('1.5')],
  [text, true, no('type')],
  [text, [], no('type')],
  [integer, '7', is(7)],
  [integer, ' 7 ', is(7)],
  [integer, '07', is(7)],
  [integer, '7.0', is(7)],
  [integer, 7.0, is(7)],
  [integer, 'x', no('type')],
  [integer, '7.5', no('type')],
  [integer, 1.5, no('type')],
  [integer, true, no('type')],
  [integer, '', no('type')],
  [number, '1e3', is(1000)],
  [number, '.5', is(0.5)],
  [number, true, is(1)],
  [number, 'nan', no('type')],
  [number, '1e999', no('type')],
  [bool, 'true', is(true)],
  [bool, 'no', is(false)],
  [bool, '1', is(true)],
  [bool, 0, is(false)],
  [bool, 'maybe', no('type')],
  [bool, 2, no('type')],
  [money, '3.5', is('3.50')],
  [money, ' 03.50 ', is('3.50')],
  [money, '1e2', is('100.00')],
  [money, 3, is('3.00')],
  [money, 'x', no('format')],
  [date, '2020-01-02', is('2020-01-02')],
  [date, '2020-13-02', no('format')],
  [datetime, '2020-01-02 03:04', is('2020-01-02T03:04:00.000Z')],
  [datetime, '2020-01-02T03:04:05.5+0100', is('2020-01-02T02:04:05.500Z')],
  [datetime, '2020-01-02', no('format')],
  [color, 'red', is('red')],
  [types.enum(['1', '2']), 2, is('2')],
  [id, '1', is(1)],
  [id, 'x', no('type')],
  [uuid, UUID.replaceAll('-', ''), is(UUID)],
  [uuid, 'zz', no('format')],
  [key, 7, is('7')],
  [types.list(integer), ['1', 2], is([1, 2])],
  [json, { a: '1' }, is({ a: '1' })],
]

inputSuite(drf, rows)

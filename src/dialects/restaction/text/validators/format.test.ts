import { describe, expect, test } from 'vitest'
import { momentFormat } from './format.ts'

describe('formats of moments', () => {
  test.each<[string, string, string | null]>([
    ['%Y-%m-%d', '2016-7-9', '2016-07-09'],
    ['%Y-%m-%d', '2016-02-29', '2016-02-29'],
    ['%Y-%m-%d', '2015-02-29', null],
    ['%Y-%m-%d', '1900-02-29', null],
    ['%Y-%m-%d', '2016-13-01', null],
    ['%Y-%m-%d', '0000-01-01', null],
    ['%Y-%m-%d', '0050-01-31', '50-01-31'],
    ['%Y-%m-%d', '2016-07-09 ', null],
    ['%Y-%m-%d', '２016-07-09', null],
    ['%Y%m%d', '2016131', '20160131'],
    ['%H:%M:%S', '1:2:3', '01:02:03'],
    ['%H:%M:%S', '24:0:0', null],
    ['%I:%M %p', '12:00 am', '12:00 AM'],
    ['%I %p|%H', '1 pm|13', '01 PM|13'],
    ['%d %b %y', '3 FEB 68', '03 Feb 68'],
    ['%d %B %Y', '3  february 2020', '03 February 2020'],
    ['%A %a %Y-%m-%d', 'monday tue 2024-02-29', 'Thursday Thu 2024-02-29'],
    ['%Y/%j', '2024/366', '2024/366'],
    ['%Y/%j', '2023/366', null],
    ['%S.%f', '1.5', '01.500000'],
    ['100%% (%Y)', '100% (2020)', '100% (2020)'],
    ['now', 'NOW', 'now'],
  ])('%j reads %j as %j', (format, text, printed) => {
    const { parse, print, pattern } = momentFormat(format)
    const moment = parse(text)
    expect(moment && print(moment)).toBe(printed)
    if (printed !== null) expect(printed).toMatch(new RegExp(pattern))
  })

  test.each(['%Q', '%z', '%', '%Y%Y'])('%j is no format', format => {
    expect(() => momentFormat(format)).toThrow(RangeError)
  })
})

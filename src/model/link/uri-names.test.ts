import { expect, test } from 'vitest'
import { camelCase, claim, plural, relationName, singular } from './uri-names.ts'

test.each([
  ['Track', 'track', 'track', 'tracks'],
  ['tracks', 'tracks', 'track', 'tracks'],
  ['InvoiceLine', 'invoiceLine', 'invoiceLine', 'invoiceLines'],
  ['invoice_lines', 'invoiceLines', 'invoiceLine', 'invoiceLines'],
  ['Order Details', 'orderDetails', 'orderDetail', 'orderDetails'],
  ['MediaType', 'mediaType', 'mediaType', 'mediaTypes'],
  ['Media', 'media', 'media', 'media'],
  ['categories', 'categories', 'category', 'categories'],
  ['days', 'days', 'day', 'days'],
  ['cookies', 'cookies', 'cookie', 'cookies'],
  ['addresses', 'addresses', 'address', 'addresses'],
  ['address', 'address', 'address', 'addresses'],
  ['boxes', 'boxes', 'box', 'boxes'],
  ['branches', 'branches', 'branch', 'branches'],
  ['houses', 'houses', 'house', 'houses'],
  ['status', 'status', 'status', 'statuses'],
  ['campus', 'campus', 'campus', 'campuses'],
  ['analysis', 'analysis', 'analysis', 'analyses'],
  ['user_statuses', 'userStatuses', 'userStatus', 'userStatuses'],
  ['campuses', 'campuses', 'campus', 'campuses'],
  ['matrices', 'matrices', 'matrix', 'matrices'],
  ['axis', 'axis', 'axis', 'axes'],
  ['gas', 'gas', 'gas', 'gases'],
  ['atlas', 'atlas', 'atlas', 'atlases'],
  ['echoes', 'echoes', 'echo', 'echoes'],
  ['os', 'os', 'os', 'oses'],
  ['people', 'people', 'person', 'people'],
  ['salesPeople', 'salesPeople', 'salesPerson', 'salesPeople'],
  ['news', 'news', 'news', 'news'],
  ['URLPaths', 'urlPaths', 'urlPath', 'urlPaths'],
  ['HTTP_LOG', 'httpLog', 'httpLog', 'httpLogs'],
  ['2fa_codes', 'table2faCodes', 'table2faCode', 'table2faCodes'],
  ['größen', 'größen', 'größen', 'größens'],
  ['---', 'table', 'table', 'tables'],
  ['__proto__', 'proto', 'proto', 'protos'],
])('B10: %s is named %s, one %s, many %s', (table, camel, one, many) => {
  expect(camelCase(table, 'table')).toBe(camel)
  expect(singular(camel)).toBe(one)
  expect(plural(one)).toBe(many)
  expect(plural(many)).toBe(many)
  expect(singular(one)).toBe(one)
})

test.each([
  ['AlbumId', 'album'],
  ['album_id', 'album'],
  ['albumID', 'album'],
  ['ALBUM_ID', 'album'],
  ['SupportRepId', 'supportRep'],
  ['ReportsTo', 'reportsTo'],
  ['author', 'author'],
  ['paid', 'paid'],
  ['id', 'target'],
  ['owner_fk', 'owner'],
  ['grand parent id', 'grandParent'],
])('B10: the foreign key %s is the relation %s', (column, relation) => {
  expect(relationName(column, 'target')).toBe(relation)
})

test('a taken name gives way to the next, the last one to numbers', () => {
  const taken = new Set(['a', 'b'])
  expect([claim(taken, 'a', 'c'), claim(taken, 'a', 'c'), claim(taken, 'a', 'c'), claim(taken, 'x')]).toEqual([
    'c',
    'c2',
    'c3',
    'x',
  ])
})

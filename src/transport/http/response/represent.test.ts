import { decode } from '@msgpack/msgpack'
import { describe, expect, test } from 'vitest'
import { act, actions, api, resource, t } from '../../../index.ts'
import { writeCsv } from '../format/csv.ts'
import { writeXml } from '../format/xml.ts'
import { inSlices } from '../../../engine/slices.ts'
import { negotiatorOf } from './negotiate.ts'

const app = api(
  {
    product: resource({ id: t.id(), name: t.text(), price: t.number().nullable(), tags: t.list(t.text()).default([]) }),
    hello: actions('Hello', null, { get: act(null, () => ({ message: '<hi>' })) }),
  },
  { exporters: { 'text/html': (value, { resource: name }) => `<p>${name}: ${JSON.stringify(value)}</p>` } },
)
await app.post('product', [
  { name: 'Gizmo <large> & co', price: 1.5, tags: ['a', 'b'] },
  { name: '=1+1', price: -2 },
])

const get = (path: string, accept: string, headers: Record<string, string> = {}) =>
  app.fetch(new Request(`http://x${path}`, { headers: { accept, ...headers } }))

describe('formats', () => {
  test('XML escapes text, names items, and marks null', async () => {
    const response = await get('/product/1', 'application/xml')
    expect(response.headers.get('content-type')).toBe('application/xml')
    expect(await response.text()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<product><id>1</id><name>Gizmo &lt;large&gt; &amp; co</name><price>1.5</price><tags><item>a</item><item>b</item></tags></product>',
    )
    expect(await inSlices(writeXml({ 'a b': null, '#text': 1, '@_x': '\0"<' }, 'r'))).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<r><field name="a b" nil="true"></field><field name="#text">1</field><field name="@_x">\ufffd&quot;&lt;</field></r>',
    )
    expect(await inSlices(writeXml({ x: 1 }, 'xml"><script'))).toMatch(
      /^<\?xml[^>]*>\n<field name="xml&quot;&gt;&lt;script"/,
    )
  })

  test('CSV has a header and no formulas', async () => {
    const response = await get('/product', 'text/csv')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(await response.text()).toBe(
      'id,name,price,tags\r\n1,Gizmo <large> & co,1.5,"[""a"",""b""]"\r\n2,\'=1+1,-2,[]\r\n',
    )
    for (const start of ['=', ' =', '\u200b=', '\ufeff+', '\uff1d', '\u00a0\uff20', '\t1', '\u202e-'])
      expect(await inSlices(writeCsv([{ a: `${start}1` }]))).toContain(`'${start}1`)
    expect(await inSlices(writeCsv([{ a: 'a=b', b: '1 - 2' }]))).toBe('a,b\r\na=b,1 - 2\r\n')
    expect(await inSlices(writeCsv([{ a: '@x', b: null }, 5]))).toBe("a,b,value\r\n'@x,,\r\n,,5\r\n")
    expect(await inSlices(writeCsv([]))).toBe('\r\n')
  })

  test('XML and CSV are written in parts, so that long answers leave turns to others', () => {
    const rows = Array.from({ length: 50 }, (_, id) => ({
      id,
      items: Array.from({ length: 100 }, () => 'x'.repeat(50)),
    }))
    expect([...writeXml(rows, 'r')].length).toBeGreaterThan(5_000)
    expect([...writeCsv(rows)].length).toBe(3)
  })

  test('MessagePack', async () => {
    const response = await get('/product/2', 'application/vnd.msgpack')
    expect(decode(await response.arrayBuffer())).toEqual({ id: 2, name: '=1+1', price: -2, tags: [] })
    expect((await get('/product/2', 'application/x-msgpack')).headers.get('content-type')).toBe('application/x-msgpack')
  })

  test('actions have them as well, and own ones', async () => {
    expect(await (await get('/hello', 'application/xml')).text()).toMatch(
      /<hello><message>&lt;hi&gt;<\/message><\/hello>$/,
    )
    expect(await (await get('/hello', 'text/*;q=0.5, text/csv;q=0')).text()).toBe('<p>hello: {"message":"<hi>"}</p>')
  })

  test.each([
    ['application/xml', true],
    ['application/json', false],
    ['text/csv', false],
  ])('an entity tag of XML is %s: unchanged %s', async (accept, unchanged) => {
    const etag = (await get('/product/1', 'application/xml')).headers.get('etag')!
    expect((await get('/product/1', accept, { 'if-none-match': etag })).status).toBe(unchanged ? 304 : 200)
    const ofJson = (await get('/product/1', 'application/json')).headers.get('etag')!
    expect(ofJson).not.toBe(etag)
    expect((await get('/product/1', accept, { 'if-none-match': ofJson })).status).toBe(
      accept === 'application/json' ? 304 : 200,
    )
  })

  test('a write may name the version by the tag of any format', async () => {
    const etag = (await get('/product/1', 'text/csv')).headers.get('etag')!
    const patch = (tag: string) =>
      app.fetch(
        new Request('http://x/product/1', {
          method: 'PATCH',
          body: '{"price":3}',
          headers: { 'content-type': 'application/json', 'if-match': tag },
        }),
      )
    expect((await patch(etag)).status).toBe(200)
    expect((await patch(etag)).status).toBe(412)
  })
})

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
  ['text/html;q=0.5,application/json;q=0.5', 'application/json'],
  ['text/html, application/json', 'application/json'],
  ['*/*, text/csv', 'text/csv; charset=utf-8'],
  ['text/xml', 'text/xml; charset=utf-8'],
  ['application/*', 'application/json'],
  ['application/json;q=0, application/*', 'application/xml'],
])('%s is answered in %s', (accept, type) => {
  expect(negotiatorOf({ 'text/html': String }).choose(accept).type).toBe(type)
})

test('a browser that opens an address is shown JSON, though it names XML', () => {
  const { choose } = negotiatorOf()
  expect(choose('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8').type).toBe('application/json')
  expect(choose('application/xml;q=0.9,*/*;q=0.8').type).toBe('application/xml')
})

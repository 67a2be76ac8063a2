import { describe, expect, test } from 'vitest'
import { dispositionOf, nameIn } from './disposition.ts'

describe('Content-Disposition of a download', () => {
  test.each([
    ['image/png', 'a b.png', 'inline; filename="a b.png"'],
    ['text/plain; charset=utf-8', null, 'inline'],
    ['video/mp4', null, 'inline'],
    // A type that a browser could run, or does not know, is saved.
    ['text/html', 'a.html', 'attachment; filename=a.html'],
    ['image/svg+xml', 'a.svg', 'attachment; filename=a.svg'],
    ['application/pdf', null, 'attachment'],
    ['application/xhtml+xml', null, 'attachment'],
    ['application/octet-stream', null, 'attachment'],
    ['image/png', 'naïve.png', `inline; filename="na?ve.png"; filename*=UTF-8''na%C3%AFve.png`],
    ['image/png', 'a"b\\c%41.png', `inline; filename="a\\"b\\\\c%41.png"; filename*=UTF-8''a%22b%5Cc%2541.png`],
    ['image/png', "it's(1)*.png", `inline; filename="it's(1)*.png"`],
    ['image/png', "ä'(1)*", `inline; filename="?'(1)*"; filename*=UTF-8''%C3%A4%27%281%29%2A`],
    ['image/png', '日本', `inline; filename="??"; filename*=UTF-8''%E6%97%A5%E6%9C%AC`],
  ])('%s %s', (type, name, expected) => expect(dispositionOf(type, name)).toBe(expected))
})

describe('the name in an upload', () => {
  test.each([
    [undefined, null],
    ['attachment', null],
    ['attachment; filename=a.png', 'a.png'],
    ['attachment; filename="a \\"b\\".png"', 'a "b".png'],
    ['form-data; name="x"; filename="a.png"', 'a.png'],
    [`attachment; filename="x"; filename*=UTF-8''na%C3%AFve.png`, 'naïve.png'],
    [`attachment; filename*=utf-8'en'a%20b; filename=x`, 'a b'],
    [`attachment; filename*=UTF-8''%ff; filename=x`, 'x'],
    [`attachment; filename*=iso-8859-1''na%EFve; filename=x`, 'na\u00efve'],
    ['attachment; filename="cut off', null],
    ['attachment; filename="na\u00c3\u00afve.png"', 'naïve.png'],
    ['attachment; filename="na\u00efve.png"', 'na\u00efve.png'],
    [`attachment; filename="${'x'.repeat(3_000)}"`, null],
  ])('%s', (header, expected) => expect(nameIn(header)).toBe(expected))
})

import { describe, expect, test } from 'vitest'
import { processorTime } from '../../../../testing/processor-time.ts'
import { compileText } from '../text.ts'

const holds = (name: string, value: string): boolean => compileText(name)(value).ok

describe('addresses', () => {
  test.each<[string, string[], string[]]>([
    [
      'email',
      ['a@b', 'A.B@C.D', "o'x+1@a-b.c0"],
      ['a@', '@b', 'a@-b', 'a@b-', 'a@b..c', 'a@b\n', `a@${'x'.repeat(64)}`, 'ä@b'],
    ],
    [
      'url',
      [
        '//a.bc',
        'ftp://a.bc:65535',
        'http://münchen.de/?q=1#x',
        'https://a:b@c@d.ef/g@h',
        'http://x/y@a.bc',
        'http://a.bc.',
        'http://172.15.0.1',
        'http://223.255.255.254/',
      ],
      [
        '',
        'a.bc',
        'http:a.bc',
        'http://localhost',
        'http://a.b',
        'http://@a.bc',
        'http://-a.bc',
        'http://a-.bc',
        'http://a.bc:1',
        'http://a.bc:123456',
        'http://172.31.0.1',
        'http://169.254.1.1',
        'http://8.8.8.255',
        'http://224.1.1.1',
        'http://a.bc/\n',
        'http://😀.de',
        'file:///etc/passwd',
        'javascript://a.bc',
      ],
    ],
    ['ipv4', ['0.0.0.0', '255.255.255.255'], ['256.1.1.1', '01.1.1.1', '1.1.1', '1.1.1.1.', '１.1.1.1', '1.1.1.1\n']],
    [
      'ipv6',
      ['::1', '1::', '1:2:3:4:5:6:7:8', '1::8', '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4', '::2:3:4:5:6:7:8', 'FE80::1'],
      [
        '::',
        ':1',
        '1:',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1::2::3',
        ':::',
        '12345::',
        '::1.2.3',
        '1.2.3.4::',
        '::g',
      ],
    ],
    ['phone', ['13387654321', '8613387654321', '17002345678'], ['+8617002345678', '１3387654321']],
    ['idcard', ['12345678901234567X', '123456789012345'], ['1234567890123456', '12345678901234567y']],
  ])('%s', (name, good, bad) => {
    expect(good.filter(value => !holds(name, value))).toEqual([])
    expect(bad.filter(value => holds(name, value))).toEqual([])
  })

  const many = 100_000
  test.each<[string, string]>([
    ['email', `${'a'.repeat(many)}!`],
    ['email', `a@${'a.'.repeat(many)}`],
    ['email', `a@${'a-'.repeat(many)}`],
    ['email', `a@${'a'.repeat(many)}`],
    ['url', `http://${'a.'.repeat(many)}1`],
    ['url', `http://${'a-'.repeat(many)}`],
    ['url', `http://${'a'.repeat(many)}`],
    ['url', `http://a.${'bc'.repeat(many)}:1`],
    ['url', `http://${'@'.repeat(many)}`],
    ['url', `http://${'a.bc:80@'.repeat(many)}`],
    ['url', `http://${'a.bc/@'.repeat(many)} `],
    ['ipv6', ':1'.repeat(many)],
    ['ipv4', '1.'.repeat(many)],
    ['phone', '1'.repeat(many)],
    ['int', '1_'.repeat(many)],
    ['float', '1_'.repeat(many)],
    ['float', `${'1'.repeat(many)}e`],
    ['date', '1'.repeat(many)],
    ['datetime("%Y%m%d%H%M%S%f%j%y %B")', '1'.repeat(256)],
  ])('%s takes linear time', (name, value) => {
    const validate = compileText(name)
    const time = processorTime(() => expect(validate(value).ok).toBe(false))
    expect(time).toBeLessThan(1_000)
  })
})

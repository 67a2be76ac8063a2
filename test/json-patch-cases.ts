// What a JSON Patch does to a document (RFC 6902), as data: pointers begin at the document. The cases cover what the
// project's public test suite and the RFC's appendix A cover, with documents of our own.

export interface PatchCase {
  readonly title: string
  readonly doc: unknown
  readonly patch: readonly unknown[]
  /** The document afterwards. */
  readonly becomes?: unknown
  /** The status of the refusal: 400 if it is no patch, 409 if it does not fit the document. */
  readonly refused?: 400 | 409
}

const add = (path: string, value: unknown) => ({ op: 'add', path, value })
const remove = (path: string) => ({ op: 'remove', path })
const replace = (path: string, value: unknown) => ({ op: 'replace', path, value })
const move = (from: string, path: string) => ({ op: 'move', from, path })
const copy = (from: string, path: string) => ({ op: 'copy', from, path })
const testOp = (path: string, value: unknown) => ({ op: 'test', path, value })

const done = (title: string, doc: unknown, patch: readonly unknown[], becomes: unknown): PatchCase => ({
  title,
  doc,
  patch,
  becomes,
})
const unfit = (title: string, doc: unknown, ...patch: unknown[]): PatchCase => ({ title, doc, patch, refused: 409 })
const malformed = (title: string, patch: readonly unknown[]): PatchCase => ({
  title,
  doc: { soup: ['leek'], salt: true },
  patch,
  refused: 400,
})

const odd = {
  dishes: ['soup', 'stew'],
  '': 0,
  'salt/pepper': 1,
  '50%': 2,
  'a^b': 3,
  'x|y': 4,
  'back\\slash': 5,
  'say "hi"': 6,
  ' ': 7,
  'sea~salt': 8,
}

export const patchCases: readonly PatchCase[] = [
  // Nothing to do.
  done('an empty patch of an empty object', {}, [], {}),
  done('an empty patch of an object', { soup: 1 }, [], { soup: 1 }),
  done('an empty patch of a list', ['soup'], [], ['soup']),
  done('the order of members does not matter', { soup: 1, stew: { hot: true, big: false } }, [], {
    stew: { big: false, hot: true },
    soup: 1,
  }),

  // add
  done('add a member', { soup: 'leek' }, [add('/stew', 'lamb')], { soup: 'leek', stew: 'lamb' }),
  done('add a number, and a text that looks like one', {}, [add('/n', 1), add('/s', '1')], { n: 1, s: '1' }),
  done('add true, false and null', {}, [add('/yes', true), add('/no', false), add('/none', null)], {
    yes: true,
    no: false,
    none: null,
  }),
  done('add a list as a member', { soup: 1 }, [add('/sizes', [2, 4])], { soup: 1, sizes: [2, 4] }),
  done('add an object with an object in it', { soup: 1 }, [add('/stew', { with: {} })], {
    soup: 1,
    stew: { with: {} },
  }),
  done('add over a member that is there', { soup: null }, [add('/soup', 'leek')], { soup: 'leek' }),
  done('add over a member that is an object', { soup: { hot: true } }, [add('/soup', { cold: true })], {
    soup: { cold: true },
  }),
  done('add into an object in a list', { menu: [{ name: 'soup' }] }, [add('/menu/0/price', '4.50')], {
    menu: [{ name: 'soup', price: '4.50' }],
  }),
  done('add a member with an empty name', {}, [add('/', 1)], { '': 1 }),
  done('add a member with an empty name below another', { soup: {} }, [add('/soup/', 1)], { soup: { '': 1 } }),
  done('a digit is the name of a member where there is an object', { soup: 1 }, [add('/0', 'first')], {
    soup: 1,
    '0': 'first',
  }),
  done('a minus is the name of a member where there is an object', {}, [add('/-', 'last')], { '-': 'last' }),
  done('names differ by case', { soup: 'leek' }, [add('/Soup', 'onion')], { soup: 'leek', Soup: 'onion' }),
  done('add to an empty list', [], [add('/0', 'soup')], ['soup']),
  done('add in front of a list', ['soup', 'stew'], [add('/0', 'bread')], ['bread', 'soup', 'stew']),
  done('add into a list', ['soup', 'stew'], [add('/1', 'bread')], ['soup', 'bread', 'stew']),
  done('add at the end of a list by its length', ['soup', 'stew'], [add('/2', 'bread')], ['soup', 'stew', 'bread']),
  done('add at the end of a list by a minus', ['soup'], [add('/-', { name: 'stew' })], ['soup', { name: 'stew' }]),
  done('add at the end of a list in a list', [1, [2, [3]]], [add('/1/1/-', ['x', 'y'])], [1, [2, [3, ['x', 'y']]]]),
  done('add a list to a list as one element', ['soup', 'stew'], [add('/1', ['a', 'b'])], ['soup', ['a', 'b'], 'stew']),
  done('add a list at the end as one element', { menu: ['soup'] }, [add('/menu/-', ['a', 'b'])], {
    menu: ['soup', ['a', 'b']],
  }),
  done('add in the place of the whole document', { soup: 'leek' }, [add('', { stew: 'lamb' })], { stew: 'lamb' }),
  done('add a list in the place of an object', { soup: 1 }, [add('', [])], []),
  done('add an object in the place of a list', [1], [add('', {})], {}),
  done('add a null in an object of nulls', { soup: null }, [add('/stew', null)], { soup: null, stew: null }),
  unfit('add below what is not there', { soup: { hot: true } }, add('/stew/hot', true)),
  unfit('add below a text', { soup: 'leek' }, add('/soup/hot', true)),
  unfit('add below a number', { soup: 4 }, add('/soup/0', true)),
  unfit('add below a null', { soup: null }, add('/soup/hot', true)),
  unfit('add behind the end of a list', ['soup', 'stew'], add('/3', 'bread')),
  unfit('add far behind the end of a list', { menu: [1, 2] }, add('/menu/8', 5)),
  unfit('add before the start of a list', { menu: [1, 2] }, add('/menu/-1', 5)),
  unfit('add to a list by a name', ['soup', 'stew'], add('/bread', 1)),
  unfit('add to a list by a number with an exponent', ['soup', 'stew'], add('/1e0', 1)),
  unfit('add to a list by a number with a fraction', ['soup', 'stew'], add('/1.0', 1)),
  unfit('add to a list by a number with a leading zero', ['soup', 'stew'], add('/01', 1)),
  unfit('add to a list by a number with a sign', ['soup', 'stew'], add('/+1', 1)),
  unfit('add to a list by a number with a space', ['soup', 'stew'], add('/ 1', 1)),

  // remove
  done('remove a member', { soup: 'leek', stew: 'lamb' }, [remove('/soup')], { stew: 'lamb' }),
  done('remove a list', { soup: 1, sizes: [1, 2, 3] }, [remove('/sizes')], { soup: 1 }),
  done('remove a member of an object in a list', { soup: 1, menu: [{ name: 'x' }] }, [remove('/menu/0/name')], {
    soup: 1,
    menu: [{}],
  }),
  done('remove a member that is null', { soup: null }, [remove('/soup')], {}),
  done('remove an element that is null', [null, 1], [remove('/0')], [1]),
  done('remove an element', { menu: ['soup', 'bread', 'stew'] }, [remove('/menu/1')], { menu: ['soup', 'stew'] }),
  done('remove the first element', [1, 2, 3, 4], [remove('/0')], [2, 3, 4]),
  done('remove elements one after the other', [1, 2, 3, 4], [remove('/1'), remove('/2')], [1, 3]),
  unfit('remove a member that is not there', { soup: 1 }, remove('/stew')),
  unfit('remove below what is not there', { soup: 1 }, remove('/stew/hot')),
  unfit('remove an element that is not there', ['soup', 'stew'], remove('/2')),
  unfit('remove behind the end of a list', ['soup', 'stew'], remove('/-')),
  unfit('remove by a number with an exponent', [1, 2, 3, 4], remove('/1e0')),
  unfit('remove by a number with a leading zero', [1, 2, 3, 4], remove('/01')),
  unfit('remove below an element by a number with an exponent', { menu: [{ name: 'x' }] }, remove('/menu/0e0/name')),
  unfit('remove what every object inherits', { soup: {} }, remove('/soup/toString')),
  unfit('remove the length of a list', { menu: [1] }, remove('/menu/length')),

  // replace
  done('replace a member', { soup: 'leek', stew: 'lamb' }, [replace('/soup', 'onion')], {
    soup: 'onion',
    stew: 'lamb',
  }),
  done('replace a number by a list', { soup: 1, menu: [] }, [replace('/soup', [1, 2])], { soup: [1, 2], menu: [] }),
  done(
    'replace a member of an object in a list',
    { menu: [{ name: 'x', hot: true }] },
    [replace('/menu/0/name', 'y')],
    {
      menu: [{ name: 'y', hot: true }],
    },
  ),
  done('replace an element', ['soup'], [replace('/0', 'stew')], ['stew']),
  done('replace an empty text by zero', [''], [replace('/0', 0)], [0]),
  done('replace an empty text by true', [''], [replace('/0', true)], [true]),
  done('replace an empty text by false', [''], [replace('/0', false)], [false]),
  done('replace an empty text by null', [''], [replace('/0', null)], [null]),
  done('replace an element by a list as one element', [1, 2], [replace('/1', ['a', 'b'])], [1, ['a', 'b']]),
  done('replace null by a value', { soup: null }, [replace('/soup', 'leek')], { soup: 'leek' }),
  done('replace a value by null', { soup: 'leek' }, [replace('/soup', null)], { soup: null }),
  done('replace the whole document', { soup: 'leek' }, [replace('', { stew: 'lamb' })], { stew: 'lamb' }),
  done('replace the whole document by an object with nulls', { a: 1, b: 2 }, [replace('', { a: null })], { a: null }),
  done('replace the whole document by a text', { a: 1 }, [replace('', 'soup')], 'soup'),
  done('nulls elsewhere stay', { a: null, b: { c: null }, n: 1 }, [replace('/n', 2)], {
    a: null,
    b: { c: null },
    n: 2,
  }),
  done('replace an object by another: none of its members stay', { a: { x: 1, y: 2 } }, [replace('/a', { z: 3 })], {
    a: { z: 3 },
  }),
  unfit('replace a member that is not there', { soup: 1 }, replace('/stew', 1)),
  unfit('replace below what is not there', { soup: 'leek' }, replace('/stew/hot', false)),
  unfit('replace behind the end of a list', [1], replace('/-', 2)),
  unfit('replace an element that is not there', [1], replace('/1', 2)),
  unfit('replace by a number with an exponent', [''], replace('/0e0', false)),
  unfit('replace by a number with a leading zero', [1, 2], replace('/01', false)),
  unfit('replace the length of a list', { menu: [1, 2] }, replace('/menu/length', 0)),
  unfit('replace the length of a text', { soup: 'leek' }, replace('/soup/length', 0)),
  unfit('replace a letter of a text', { soup: 'leek' }, replace('/soup/0', 'L')),

  // move
  done('move a member', { soup: 1, menu: [] }, [move('/soup', '/stew')], { stew: 1, menu: [] }),
  done('move a member into another object', { a: { x: 1, y: 2 }, b: { z: 3 } }, [move('/a/y', '/b/w')], {
    a: { x: 1 },
    b: { z: 3, w: 2 },
  }),
  done('move an element', { menu: ['all', 'you', 'eat', 'can'] }, [move('/menu/2', '/menu/3')], {
    menu: ['all', 'you', 'can', 'eat'],
  }),
  done('move an element to the front', [1, 2, 3], [move('/2', '/0')], [3, 1, 2]),
  done('move an element to the end', [1, 2, 3], [move('/0', '/-')], [2, 3, 1]),
  done(
    'move a member into the list that it is in',
    { menu: [{ name: 'x' }], n: 1 },
    [move('/menu/0/name', '/menu/1')],
    {
      menu: [{}, 'x'],
      n: 1,
    },
  ),
  done('move a value to where it is', { soup: { hot: true } }, [move('/soup', '/soup')], { soup: { hot: true } }),
  done('move a null', { soup: null }, [move('/soup', '/stew')], { stew: null }),
  done('move over another member', { soup: 1, stew: 2 }, [move('/soup', '/stew')], { stew: 1 }),
  done('move a part into the place of the whole', { soup: { hot: true } }, [move('/soup', '')], { hot: true }),
  unfit('move what is not there', { soup: 1 }, move('/stew', '/soup')),
  unfit('move what is not there to where it is not', { soup: 1 }, move('/stew', '/stew')),
  unfit('move below what is not there', { soup: 1 }, move('/soup', '/stew/hot')),
  unfit('move behind the end of a list', { menu: [1, 2], soup: 3 }, move('/soup', '/menu/3')),
  unfit('move within a list to where its end was', [1, 2], move('/0', '/2')),
  unfit('move an element by a number with an exponent', { menu: [1, 2] }, move('/menu/1e0', '/soup')),
  malformed('move a value into itself', [move('/soup', '/soup/0')]),
  malformed('move the whole document into itself', [move('', '/soup')]),

  // copy
  done('copy a member', { soup: 1 }, [copy('/soup', '/stew')], { soup: 1, stew: 1 }),
  done('copy an element', { menu: [{ name: 'x' }], n: 1 }, [copy('/menu/0', '/best')], {
    menu: [{ name: 'x' }],
    n: 1,
    best: { name: 'x' },
  }),
  done('copy a null', { soup: null }, [copy('/soup', '/stew')], { soup: null, stew: null }),
  done('copy to the end of a list', [1, 2], [copy('/0', '/-')], [1, 2, 1]),
  done('copy into itself', { a: { x: 1 } }, [copy('/a', '/a/b')], { a: { x: 1, b: { x: 1 } } }),
  done('copy the whole document into itself', { x: 1 }, [copy('', '/old')], { x: 1, old: { x: 1 } }),
  done(
    'what is done to a copy is not done to its source',
    { a: { b: [{ c: 'x' }] } },
    [copy('/a', '/z'), replace('/z/b/0/c', 'y')],
    { a: { b: [{ c: 'x' }] }, z: { b: [{ c: 'y' }] } },
  ),
  done(
    'what is done to the source is not done to a copy',
    { a: { b: [{ c: 'x' }] } },
    [copy('/a', '/z'), replace('/a/b/0/c', 'y')],
    { a: { b: [{ c: 'y' }] }, z: { b: [{ c: 'x' }] } },
  ),
  unfit('copy what is not there', { soup: 1 }, copy('/stew', '/soup')),
  unfit('copy below what is not there', { soup: 1 }, copy('/soup', '/stew/hot')),
  unfit('copy behind the end of a list', { menu: [1, 2], soup: 3 }, copy('/soup', '/menu/9')),
  unfit('copy an element by a number with an exponent', { menu: [1, 2] }, copy('/menu/1e0', '/soup')),
  unfit('copy the length of a list', { menu: [1, 2] }, copy('/menu/length', '/n')),
  unfit('copy what every object inherits', { soup: {} }, copy('/soup/toString', '/n')),

  // test
  done('test a text and an element', { a: 'x', menu: [1, 2] }, [testOp('/a', 'x'), testOp('/menu/1', 2)], {
    a: 'x',
    menu: [1, 2],
  }),
  done('test null', { a: null }, [testOp('/a', null)], { a: null }),
  done('test the whole document', { a: 1 }, [testOp('', { a: 1 }), add('/b', 2)], { a: 1, b: 2 }),
  done('test an object whose members come in another order', { a: { x: 1, y: 2 } }, [testOp('/a', { y: 2, x: 1 })], {
    a: { x: 1, y: 2 },
  }),
  done('test a list of such objects', { a: [{ x: 1, y: 2 }] }, [testOp('/a', [{ y: 2, x: 1 }])], {
    a: [{ x: 1, y: 2 }],
  }),
  done('test a list in an object', { a: { b: [1, 2, 5, 4] } }, [testOp('/a', { b: [1, 2, 5, 4] })], {
    a: { b: [1, 2, 5, 4] },
  }),
  done('equal numbers are equal however they are written', { a: 1 }, [testOp('/a', 1.0)], { a: 1 }),
  done('test a name that looks like a number with an exponent', { '1e0': 'x' }, [testOp('/1e0', 'x')], { '1e0': 'x' }),
  done(
    'test members with odd names',
    odd,
    [
      testOp('/dishes', ['soup', 'stew']),
      testOp('/dishes/0', 'soup'),
      testOp('/', 0),
      testOp('/salt~1pepper', 1),
      testOp('/50%', 2),
      testOp('/a^b', 3),
      testOp('/x|y', 4),
      testOp('/back\\slash', 5),
      testOp('/say "hi"', 6),
      testOp('/ ', 7),
      testOp('/sea~0salt', 8),
    ],
    odd,
  ),
  done('a tilde is unescaped after a slash', { '/': 9, '~1': 10 }, [testOp('/~01', 10)], { '/': 9, '~1': 10 }),
  unfit('test another text', { soup: 'leek' }, testOp('/soup', 'onion')),
  unfit('test another list', { a: { b: [1, 2] } }, testOp('/a', [1, 2])),
  unfit('test a list in another order', { a: [1, 2] }, testOp('/a', [2, 1])),
  unfit('test a part of an object', { a: { x: 1, y: 2 } }, testOp('/a', { x: 1 })),
  unfit('a text is no number', { '/': 9, '~1': 10 }, testOp('/~01', '10')),
  unfit('false is no null', { a: false }, testOp('/a', null)),
  unfit('test what is not there', { a: 1 }, testOp('/b', null)),
  unfit('test an element that is not there', [1], testOp('/1', null)),
  unfit('test an element by a number with an exponent', ['soup', 'stew'], testOp('/1e0', 'stew')),
  unfit('test an element by a number with leading zeros', ['soup', 'stew'], testOp('/00', 'soup')),
  unfit('test behind the end of a list', ['soup'], testOp('/-', 'soup')),

  // All or nothing.
  unfit('nothing is done where a later test fails', { a: 1 }, replace('/a', 2), testOp('/a', 3)),
  unfit('nothing is done where a later path leads to nothing', { a: 1 }, add('/b', 1), remove('/c')),

  // Texts that are no patch.
  done('members of an operation that are not known are ignored', { a: 1 }, [{ ...testOp('/a', 1), note: 'x' }], {
    a: 1,
  }),
  done('a value that an operation does not need is ignored', { a: 1 }, [{ ...remove('/a'), value: 'x' }], {}),
  malformed('an operation that is not known', [{ op: 'season', path: '/soup', value: 1 }]),
  malformed('an operation in capitals', [{ op: 'ADD', path: '/soup', value: 1 }]),
  malformed('no operation', [{ path: '/soup', value: 1 }]),
  malformed('an operation that is no object', ['remove']),
  malformed('an operation that is null', [null]),
  malformed('no path', [{ op: 'add', value: 1 }]),
  malformed('a path that is null', [{ op: 'add', path: null, value: 1 }]),
  malformed('a path that is a number', [{ op: 'add', path: 0, value: 1 }]),
  malformed('an escape that there is not', [remove('/soup~2')]),
  malformed('an escape that is cut off', [remove('/soup~')]),
  malformed('add without a value', [{ op: 'add', path: '/soup/-' }]),
  malformed('replace without a value', [{ op: 'replace', path: '/soup' }]),
  malformed('test without a value', [{ op: 'test', path: '/salt' }]),
  malformed('copy without a source', [{ op: 'copy', path: '/soup/-' }]),
  malformed('move without a source', [{ op: 'move', path: '' }]),
  malformed('a source that is no pointer', [{ op: 'copy', from: 7, path: '/stew' }]),
  malformed('a good operation does not save a bad one', [add('/stew', 1), { op: 'add', path: '/stew' }]),
  malformed('a member named like a prototype', [add('/__proto__', { hot: true })]),
  malformed('a member below a prototype', [add('/soup/constructor/prototype/hot', true)]),
]

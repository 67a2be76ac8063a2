import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { FieldDef } from '../../../schema/field.ts'
import { adopt, type Adoption } from '../../sql/tables/adopt.ts'
import { introspect } from './introspect.ts'

const legacy = readFileSync(new URL('../../../../test/fixtures/legacy.sql', import.meta.url), 'utf8')

function adopted(sql: string): Adoption {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-introspect-'))
  try {
    const file = join(directory, 'x.db')
    const db = new DatabaseSync(file)
    db.exec(sql)
    db.close()
    return adopt(introspect(file), { foreign: true })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const whole = adopted(legacy)
const fieldsOf = (adoption: Adoption, name: string): Readonly<Record<string, FieldDef>> =>
  adoption.resources[name]!['~resource'].fields

/** One line a field: `album:one(album)? ←AlbumId`. */
function outline(name: string, adoption = whole): string[] {
  return Object.entries(fieldsOf(adoption, name)).map(([field, def]) => {
    const kind =
      def.is === 'scalar'
        ? def.type.key === null
          ? def.type.name
          : `id ${def.type.key}`
        : 'to' in def
          ? `${def.is} ${def.to}`
          : def.is
    return `${field}: ${kind}${def.nullable ? '?' : ''}${def.unique ? '!' : ''}${def.readonly ? ' readonly' : ''}${def.column === undefined ? '' : ` <- ${def.column}`}`
  })
}

test('every table of the file is reported: how it is served, and why not otherwise (issue: never silently dropped)', () => {
  expect(whole.report.map(({ table, resource, served, notes }) => [table, resource, served, ...notes])).toEqual([
    ['Message', 'message', 'read and write'],
    ['Track', 'track', 'read and write'],
    ['adult', 'adult', 'read-only', 'read-only: it is a view'],
    ['auth', 'authTable', 'read and write'],
    [
      'breakfast',
      'breakfast',
      'read and write',
      'foreign key room, night → stay is shown as stored: it has several columns',
    ],
    ['broken', null, 'not', 'SQLite cannot read it: no such table: main.gone'],
    ['busy', 'busy', 'read-only', 'read-only: it is a view'],
    ['friendship', null, 'as a relation', 'person.people', 'person.friends'],
    ['log', 'log', 'read-only', 'read-only: it has no primary key'],
    ['message_bookmark', null, 'as a relation', 'message.peopleByMessageBookmark', 'person.messagesByMessageBookmark'],
    ['message_like', null, 'as a relation', 'message.peopleByMessageLike', 'person.messagesByMessageLike'],
    ['passport', 'passport', 'read and write'],
    ['people', 'person', 'read and write'],
    ['photo', 'photo', 'read and write'],
    [
      'profile',
      'profile',
      'read and write',
      'foreign key person_id → people is shown as stored: it is the primary key, too',
    ],
    ['search', 'search', 'read-only', 'read-only: it is a virtual table'],
    ['search_config', null, 'not', 'it is internal to a virtual table'],
    ['search_content', null, 'not', 'it is internal to a virtual table'],
    ['search_data', null, 'not', 'it is internal to a virtual table'],
    ['search_docsize', null, 'not', 'it is internal to a virtual table'],
    ['search_idx', null, 'not', 'it is internal to a virtual table'],
    ['shout', 'shout', 'read and write'],
    ['stay', 'stay', 'read and write'],
    ['tracks', 'tracks', 'read and write'],
    [
      'weird name!',
      'weirdName',
      'read and write',
      'foreign key ghost_id → ghost is shown as stored: it points to ghost, which does not exist',
      'foreign key name_of → people is shown as stored: it points to name, not to the primary key',
    ],
  ])
})

test.each([
  [
    'person',
    [
      'id: id integer readonly <- person_id',
      'name: text! <- name',
      'nick: text? <- nick',
      'born: date? <- born',
      'isAdmin: bool <- Is Admin',
      'prefs: json? <- prefs',
      'photo: bytes? <- photo',
      'balance: number? <- balance',
      'created: datetime? <- created',
      'tag: text? <- tag',
      'shape: number? <- shape',
      'messagesByRecipient: back message',
      'messagesBySenderId: back message',
      'passport: back passport',
      'stays: back stay',
      'people: many person',
      'friends: many person',
      'messagesByMessageBookmark: many message',
      'messagesByMessageLike: many message',
    ],
  ],
  [
    'message',
    [
      'id: id integer readonly <- id',
      'senderId: one person <- sender_id',
      'recipient: one person? <- recipient_id',
      'body: text? <- body',
      'sender: text? <- sender',
      'peopleByMessageBookmark: many person',
      'peopleByMessageLike: many person',
    ],
  ],
  ['passport', ['id: id text <- code', 'person: one person! <- person_id', 'issued: text? <- issued']],
  ['stay', ['id: id text readonly', 'room: text <- room', 'night: date <- night', 'guest: one person? <- guest_id']],
  ['log', ['id: id integer readonly <- rowid', 'at: text? <- at', 'line: text? <- line']],
  ['shout', ['id: id integer readonly <- id', 'name: text? <- name', 'loud: text? readonly <- loud']],
  ['photo', ['id: id hex <- hash', 'title: text? <- title']],
  ['profile', ['id: id integer <- person_id', 'bio: text? <- bio']],
  ['adult', ['id: id integer readonly <- person_id', 'name: text? <- name']],
  [
    'tracks',
    [
      'id: id integer readonly <- id',
      'constructor2: text? <- constructor',
      'sort: integer? <- sort',
      'aB: text? <- a.b',
      'aB2: text? <- a_b',
    ],
  ],
  ['weirdName', ['id: id text <- ID', 'ghostId: integer? <- ghost_id', 'nameOf: text? <- name_of']],
])('%s has the fields of its table', (name, fields) => {
  expect(outline(name)).toEqual(fields)
})

test('keys determine how rows are found', () => {
  const keys = Object.entries(whole.resources).map(([name, one]) => [name, one['~resource'].foreign?.key])
  expect(Object.fromEntries(keys)).toMatchObject({
    person: ['person_id'],
    stay: ['room', 'night'],
    log: ['rowid'],
    adult: ['person_id'],
    busy: ['room', 'nights', '_restuary_nth'],
    search: ['rowid'],
    passport: ['code'],
  })
})

test.each([
  ['message', 'recipient', 'null'],
  ['message', 'senderId', 'restrict'],
  ['passport', 'person', 'cascade'],
])('%s.%s: what happens when its target goes is the file’s own rule', (name, field, onDelete) => {
  expect(fieldsOf(whole, name)[field]).toMatchObject({ is: 'one', onDelete })
})

test('defaults of the database make a field optional, constant or evaluated', () => {
  const at = Date.UTC(2024, 1, 29, 12, 30, 1)
  const presetOf = (field: string): unknown => {
    const preset = fieldsOf(whole, 'person')[field]!.default!
    return 'from' in preset ? preset.from({ me: null, auth: {}, now: at }) : preset.value
  }
  expect([presetOf('isAdmin'), presetOf('balance'), presetOf('tag'), presetOf('created')]).toEqual([
    false,
    1.5,
    'new',
    '2024-02-29T12:30:01.000Z',
  ])
})

test('a unique foreign key is one-to-one, several unique columns belong together', () => {
  expect(fieldsOf(whole, 'person')['passport']).toMatchObject({ is: 'back', one: true, via: 'person' })
  expect(whole.resources['passport']!['~resource'].unique).toEqual([['issued', 'id']])
})

test('names do not depend on the order in which tables were made', () => {
  const statements = legacy.split(/;\n/).filter(one => /^(--[^\n]*\n)?CREATE TABLE/.test(one))
  const again = adopted(statements.toReversed().join(';\n'))
  for (const name of Object.keys(again.resources)) {
    expect(outline(name, again).map(line => line.split(' ')[0])).toEqual(outline(name).map(line => line.split(' ')[0]))
  }
})

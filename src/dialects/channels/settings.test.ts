import { expect, test } from 'vitest'
import { api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { envelope, type EnvelopeSettings } from './settings.ts'

test.each<[string, EnvelopeSettings, RegExp]>([
  ['an unknown field', { sort: ['-vote'] }, /is sorted by "vote", which it does not have.*"votes"/],
  ['a list of rows', { sort: ['votes', 'answers'] }, /is sorted by "answers", which is not a value/],
  ['a page without rows', { page: 0 }, /has pages of 0 rows/],
  ['a lookup that several rows share', { lookup: 'votes' }, /is looked up by "votes", which several rows may share/],
  ['an unknown operation', { operations: ['lst' as never] }, /has the envelope operation "lst"/],
])('the start refuses %s', (_, settings, fault) => {
  const question = resource({ id: t.id(), votes: t.integer(), answers: t.back('answer', 'question') })
  const answer = resource({ id: t.id(), question: t.one('question') })
  expect(() => api({ question: question.with(envelope(settings)), answer })).toThrow(fault)
})

// The server of react.test.ts, and pages that it draws.
import { createElement } from 'react'
import { renderToPipeableStream } from 'react-dom/server'
import { text } from 'node:stream/consumers'
import { PassThrough } from 'node:stream'
import { api, resource, t, type Api } from '../../src/index.ts'
import { clientAt } from './served.ts'
import { Page } from './todos.ts'

const todo = resource({ id: t.id('uuid', { client: true }), text: t.text() }).public()
const secret = resource({ id: t.id(), text: t.text() }).rules(me => ({ read: me.signedIn }))

export const declare = (): Api<any> => api({ todo, secret }, { report: () => {}, http: { log: () => {} } })

/** The page as a server draws it: markup, and what its client knows. */
export async function drawn(url: string): Promise<{ readonly markup: string; readonly state: string }> {
  const c = clientAt<any>(url)
  const stream = new PassThrough()
  const { pipe } = renderToPipeableStream(createElement(Page, { c }), { onAllReady: () => void pipe(stream) })
  const markup = await text(stream)
  return { markup, state: c.$dehydrate() }
}

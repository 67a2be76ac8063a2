import { client, type Served } from 'restuary/client'
// Types only: nothing of the server gets into the page.
import type { createApp } from '../app.ts'

interface App extends Served<ReturnType<typeof createApp>> {}

/** The typed client. It keeps its tokens over a reload. */
export const api = client<App>('/api', {
  tokens: {
    get: () => JSON.parse(localStorage.getItem('tokens') ?? 'null'),
    set: tokens => localStorage.setItem('tokens', JSON.stringify(tokens)),
  },
})

export const isLoggedIn = () => localStorage.getItem('tokens') !== null && localStorage.getItem('tokens') !== 'null'

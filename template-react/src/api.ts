import { client, type Served } from 'restuary/client'
import { localTokens } from 'restuary/client/tokens'
// Types only: nothing of the server gets into the page.
import type { createApp } from '../app.ts'

interface App extends Served<ReturnType<typeof createApp>> {}

const tokens = localTokens()

/** The typed client. It keeps its tokens over a reload. */
export const api = client<App>('/api', { tokens })

export const isLoggedIn = () => tokens.get() !== null

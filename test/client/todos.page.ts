// The page of react.test.ts. What the server has drawn is taken over; else it is drawn here.
import { createElement, StrictMode } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { client } from '../../src/client/index.ts'
import { Page, SecretPage } from './todos.ts'

const state = document.getElementById('state')?.textContent
const c = client<any>(location.origin, { state, linger: 300 })
const element = document.getElementById('root')!
const faults: string[] = []
const options = { onRecoverableError: (error: unknown) => void faults.push(String(error)) }
const page = createElement(StrictMode, null, createElement(location.hash === '#secret' ? SecretPage : Page, { c }))

let root: Root
if (state) root = hydrateRoot(element, page, options)
else (root = createRoot(element, options)).render(page)
Object.assign(globalThis, { c, faults, unmount: () => root.unmount() })

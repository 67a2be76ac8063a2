import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../server/client.ts'
import { description } from '../server/description.ts'
import { inner } from '../server/inner.ts'
import { AccessPage } from '../access/access-page.tsx'
import { AdminPage } from '../admin/admin-page.tsx'
import { Home } from '../home/home.tsx'
import { TablePage } from '../data/table-page.tsx'
import { ModelPage } from '../model/model-page.tsx'
import { Operations } from '../api/operations.tsx'
import { Wire } from '../wire/wire.tsx'
import { Button, Empty } from '../ui/controls.tsx'
import { Toasts } from '../ui/toast.tsx'
import { countWords } from '../ui/words.ts'
import { Icon, type IconName } from './icons.tsx'
import { route, to } from './route.ts'
import { SessionMenu } from './session-menu.tsx'
import { isDark, toggleTheme } from './theme.ts'
import { SearchBox } from '../ui/search-box.tsx'

interface PlaceLink {
  readonly name: string
  readonly title: string
  readonly icon: IconName
  /** It is for those alone who may use the studio's inner parts. */
  readonly isInner?: boolean
}

const places: readonly PlaceLink[] = [
  { name: '', title: 'Home', icon: 'home' },
  { name: 'operations', title: 'Operations', icon: 'api' },
  { name: 'wire', title: 'Wire', icon: 'wire' },
  { name: 'model', title: 'Model', icon: 'model' },
  { name: 'access', title: 'Access', icon: 'access', isInner: true },
  { name: 'server', title: 'Server', icon: 'server', isInner: true },
]

/** The frame of every page: navigation, resources, the session and the state of the connection. */
export function Shell(): VNode {
  const [isOpen, setOpen] = useState(false)
  const { path } = route.value
  useEffect(() => setOpen(false), [path.join('/')])
  const here = path[0] ?? ''
  const shown = places.filter(one => inner.value || !one.isInner)
  return (
    <div class={`shell${isOpen ? ' open' : ''}`}>
      <a class="skip" href="#content" onClick={event => skip(event)}>
        To the content
      </a>
      <nav class="sidebar" aria-label="Studio">
        <a class="brand" href={to([])}>
          <Mark />
          <span>
            <b>Restuary</b> <span class="muted">Studio</span>
          </span>
        </a>
        <ul>
          {shown.map(one => (
            <li key={one.name}>
              <a href={to(one.name === '' ? [] : [one.name])} aria-current={here === one.name ? 'page' : undefined}>
                <Icon name={one.icon} />
                {one.title}
              </a>
            </li>
          ))}
        </ul>
        <Resources chosen={here === 'data' ? (path[1] ?? null) : null} />
      </nav>
      <div class="veil" onClick={() => setOpen(false)} />
      <div class="main">
        <header class="topbar">
          <span class="menu-button">
            <Button icon="menu" kind="quiet" label="Menu" onClick={() => setOpen(!isOpen)} />
          </span>
          <Connection />
          <span class="space" />
          <SessionMenu />
          <Button
            icon={isDark.value ? 'sun' : 'moon'}
            kind="quiet"
            label={isDark.value ? 'Light' : 'Dark'}
            onClick={toggleTheme}
          />
        </header>
        <main id="content" tabIndex={-1}>
          <Place path={path} />
        </main>
      </div>
      <Toasts onPage />
    </div>
  )
}

function skip(event: MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

function Place({ path: [place = '', name] }: { readonly path: readonly string[] }): VNode {
  switch (place) {
    case '':
      return <Home />
    case 'data': {
      const resource = description.value!.resources.find(one => one.name === name)
      return resource ? (
        <TablePage key={resource.name} resource={resource} />
      ) : (
        <Nowhere title={`There is no resource ${name ?? ''}`} />
      )
    }
    case 'operations':
      return <Operations />
    case 'wire':
      return <Wire />
    case 'model':
      return <ModelPage />
    case 'access':
      return <AccessPage />
    case 'server':
      return <AdminPage />
    default:
      return <Nowhere title="There is nothing here" />
  }
}

function Nowhere({ title }: { readonly title: string }): VNode {
  return (
    <div class="page">
      <header class="page-head">
        <h1>{title}</h1>
      </header>
      <Empty title="The address names something else">
        <a href={to([])}>Home</a> lists all resources.
      </Empty>
    </div>
  )
}

function Resources({ chosen }: { readonly chosen: string | null }): VNode {
  const [wanted, setWanted] = useState('')
  const { resources } = description.value!
  const found = resources.filter(one => one.name.toLowerCase().includes(wanted.toLowerCase()))
  return (
    <section class="resources" aria-label="Resources">
      <h2>Data</h2>
      {resources.length > 10 && <SearchBox label="Find a resource" text={wanted} onText={setWanted} />}
      <ul>
        {found.map(one => {
          const rows = inner.value?.resources.find(({ name }) => name === one.name)?.rows
          return (
            <li key={one.name}>
              <a href={to(['data', one.name])} aria-current={one.name === chosen ? 'page' : undefined}>
                <Icon name="table" />
                <span class="resource-name" dir="auto">
                  {one.name}
                </span>
                {rows !== undefined && rows !== null && <small>{countWords(rows)}</small>}
              </a>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

const connectionWords: Readonly<Record<string, string>> = {
  idle: 'Nothing is followed',
  connecting: 'Connecting',
  open: 'Live',
  live: 'Live',
  offline: 'Connection lost, trying again',
}

function Connection(): VNode {
  const [state, setState] = useState(api.value.$status.state)
  useEffect(() => {
    setState(api.value.$status.state)
    return api.value.$status.subscribe(setState)
  }, [api.value])
  return (
    <span class={`connection ${state.connection}`} role="status">
      {connectionWords[state.connection] ?? state.connection}
      {state.pending > 0 && `, ${state.pending} writes under way`}
    </span>
  )
}

function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M6 12c4-4 6 4 10 0s6 4 10 0M6 20c4-4 6 4 10 0s6 4 10 0" />
    </svg>
  )
}

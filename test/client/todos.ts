// The components of react.test.ts, which are drawn on the server and in the browser.
import { Component, createElement, Suspense, type ReactNode } from 'react'
import { useLive } from '../../src/client/adapters/react.ts'
import type { Problem } from '../../src/client/index.ts'

interface Shown {
  // oxlint-disable-next-line typescript/no-explicit-any -- the client of a server that is another program
  readonly c: any
}

function Todos({ c }: Shown): ReactNode {
  const { rows, status } = useLive<any, string>(c.todo.live({ sort: 'text' }))
  const items = rows.map(({ id, text }) => createElement('li', { key: id }, text))
  return createElement('ul', { 'data-status': status }, items)
}

function Secrets({ c }: Shown): ReactNode {
  return useLive(c.secret.live()).rows.length
}

/** Shows a refusal, and a button to try again. */
class Boundary extends Component<Shown & { readonly children: ReactNode }> {
  override state: { problem: Problem | null } = { problem: null }
  static getDerivedStateFromError(problem: Problem): { problem: Problem } {
    return { problem }
  }
  override render(): ReactNode {
    if (!this.state.problem) return this.props.children
    const again = (): void => {
      this.props.c.secret.live().close()
      this.setState({ problem: null })
    }
    return createElement('button', { onClick: again }, this.state.problem.code)
  }
}

const waiting = (child: ReactNode): ReactNode => createElement(Suspense, { fallback: 'loading' }, child)

export const Page = ({ c }: Shown): ReactNode => waiting(createElement(Todos, { c }))

export const SecretPage = ({ c }: Shown): ReactNode =>
  createElement(Boundary, { c, children: waiting(createElement(Secrets, { c })) })

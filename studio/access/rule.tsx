import type { VNode } from 'preact'
import { Badge } from '../ui/controls.tsx'

/** A rule in the words of its declaration. */
export function Rule({ text }: { readonly text: string }): VNode {
  if (text === 'always') return <Badge tone="good">everybody</Badge>
  if (text === 'never') return <Badge tone="bad">nobody</Badge>
  if (text === 'me.signedIn') return <Badge>whoever is logged in</Badge>
  return <code>{text}</code>
}

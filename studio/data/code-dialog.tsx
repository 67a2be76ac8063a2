import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Filter } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import { base } from '../server/settings.ts'
import { Button, Tabs } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { copyText } from '../ui/json.tsx'
import { say } from '../ui/toast.tsx'
import type { TableSort } from './window/keyset.ts'

type Language = 'url' | 'curl' | 'client' | 'live' | 'python'

/** The query of a table in the words of those who would write it. */
export function CodeDialog({
  resource,
  filter,
  sort,
  onClose,
}: {
  readonly resource: ResourceInfo
  readonly filter: Filter | null
  readonly sort: TableSort
  readonly onClose: () => void
}): VNode {
  const [language, setLanguage] = useState<Language>('url')
  const text = codeOf(language, resource, filter, sort)
  return (
    <Dialog
      title={`This table as code`}
      onClose={onClose}
      footer={
        <Button icon="copy" onClick={() => void copyText(text).then(() => say('Copied'))}>
          Copy
        </Button>
      }
    >
      <Tabs
        label="Language"
        all={[
          { name: 'url', title: 'URL' },
          { name: 'curl', title: 'curl' },
          { name: 'client', title: 'Client' },
          { name: 'live', title: 'Live' },
          { name: 'python', title: 'Python' },
        ]}
        chosen={language}
        onChoose={setLanguage}
      />
      <pre class="code" tabIndex={0}>
        {text}
      </pre>
    </Dialog>
  )
}

function codeOf(
  language: Language,
  { name, path, id }: ResourceInfo,
  filter: Filter | null,
  { field, descending }: TableSort,
): string {
  const sort = field === id && !descending ? null : `${descending ? '-' : ''}${field}`
  const words = [...(filter ? [`filter=${JSON.stringify(filter)}`] : []), ...(sort ? [`sort=${sort}`] : [])]
  const url = `${base}${path}${words.length ? `?${words.join('&')}` : ''}`
  const options = { ...(filter && { filter }), ...(sort && { sort }) }
  const given = Object.keys(options).length === 0 ? '' : literal(options)
  const member = /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
  switch (language) {
    case 'url':
      return encodeURI(url)
    case 'curl':
      return `curl -g '${url.replaceAll("'", `'\\''`)}'`
    case 'client':
      return `import { client } from 'restuary/client'\n\nconst api = client('${base}')\nconst { rows, next } = await api${member}.list(${given})`
    case 'live':
      return `const live = api${member}.live(${given})\nlive.subscribe(({ rows, changes }) => console.log(rows, changes))`
    case 'python':
      return `from restuary import Client\n\nwith Client('${base}') as api:\n    page = api[${JSON.stringify(name)}].list(${[
        ...(filter ? [`filter=${pythonOf(filter)}`] : []),
        ...(sort ? [`sort=${JSON.stringify(sort)}`] : []),
      ].join(', ')})`
  }
}

function literal(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/"([a-z_$][\w$]*)":/gi, '$1:')
}

function pythonOf(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/\btrue\b/g, 'True')
    .replaceAll(/\bfalse\b/g, 'False')
    .replaceAll(/\bnull\b/g, 'None')
}

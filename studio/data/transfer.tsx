import type { VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { table, type Filter, type Problem, type Row } from '../server/client.ts'
import type { ResourceInfo } from '../server/description.ts'
import { Icon } from '../shell/icons.tsx'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain, say } from '../ui/toast.tsx'
import { countWords } from '../ui/words.ts'
import { writeCsv } from './csv.ts'
import { rowsIn } from './rows-in-file.ts'
import { sortWords, type TableSort } from './window/keyset.ts'

/** How many rows one request makes. */
const AT_ONCE = 100

interface TransferProps {
  readonly resource: ResourceInfo
  readonly filter: Filter | null
  readonly sort: TableSort
}

/** Exports what the table shows, and imports rows. */
export function TransferMenu({ resource, filter, sort }: TransferProps): VNode {
  const [progress, setProgress] = useState<string | null>(null)
  const [found, setFound] = useState<readonly object[] | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const save = async (format: 'csv' | 'json'): Promise<void> => {
    try {
      const rows: Row[] = []
      let page = await table(resource.name).list({
        ...(filter && { filter }),
        sort: sortWords(sort, resource.id),
        limit: 100,
      })
      for (;;) {
        rows.push(...page.rows)
        if (!page.next) break
        setProgress(`${countWords(rows.length)} rows`)
        page = await page.next()
      }
      const columns = resource.fields.filter(one => one.isShown).map(one => one.name)
      const text = format === 'csv' ? writeCsv(columns, rows) : JSON.stringify(rows, null, 2)
      download(`${resource.name}.${format}`, text, format === 'csv' ? 'text/csv' : 'application/json')
      say(`${countWords(rows.length)} rows exported`)
    } catch (error) {
      complain(error)
    }
    setProgress(null)
  }
  const chosen = async (input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0]
    try {
      if (file) setFound(rowsIn(await file.text(), resource))
    } catch (error) {
      complain(error)
    }
    // A file that was mended can be chosen again.
    input.value = ''
  }
  return (
    <details class="menu">
      <summary class="button quiet bare" aria-label="Import and export" title="Import and export">
        <Icon name="download" />
      </summary>
      <div class="menu-items">
        <Button kind="quiet" icon="download" disabled={progress !== null} onClick={() => void save('csv')}>
          {progress ?? 'Export as CSV'}
        </Button>
        <Button kind="quiet" icon="download" disabled={progress !== null} onClick={() => void save('json')}>
          Export as JSON
        </Button>
        {resource.canCreate && (
          <Button kind="quiet" icon="upload" onClick={() => input.current?.click()}>
            Import CSV or JSON
          </Button>
        )}
        <input
          ref={input}
          type="file"
          accept=".csv,.json,text/csv,application/json"
          hidden
          aria-label="File to import"
          onChange={event => void chosen(event.currentTarget)}
        />
      </div>
      {found && <ImportDialog resource={resource} rows={found} onClose={() => setFound(null)} />}
    </details>
  )
}

function ImportDialog({
  resource,
  rows,
  onClose,
}: {
  readonly resource: ResourceInfo
  readonly rows: readonly object[]
  readonly onClose: () => void
}): VNode {
  const [made, setMade] = useState(0)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const write = async (): Promise<void> => {
    setBusy(true)
    setProblem(null)
    for (let at = made; at < rows.length; at += AT_ONCE) {
      try {
        await table(resource.name).create(rows.slice(at, at + AT_ONCE))
        setMade(Math.min(rows.length, at + AT_ONCE))
      } catch (error) {
        setBusy(false)
        return setProblem(placed(error as Problem, at))
      }
    }
    say(`${countWords(rows.length)} rows imported`)
    onClose()
  }
  return (
    <Dialog
      title={`Import ${countWords(rows.length)} rows into ${resource.name}`}
      onClose={onClose}
      footer={
        <Button kind="primary" disabled={isBusy} onClick={() => void write()}>
          {made === 0 ? 'Import' : 'Go on'}
        </Button>
      }
    >
      <p>Each {AT_ONCE} rows are made together, all or nothing. The first one:</p>
      <pre class="code" tabIndex={0}>
        {JSON.stringify(rows[0], null, 2)}
      </pre>
      {isBusy && <progress max={rows.length} value={made} aria-label="Rows imported" />}
      {problem && (
        <p class="bad" role="alert">
          {problem}
          {made > 0 && ` The first ${countWords(made)} rows are imported.`}
        </p>
      )}
    </Dialog>
  )
}

/** Says in which row of the file a fault is. */
function placed(problem: Problem, from: number): string {
  const [first] = problem.issues
  const at = /^#\/(\d+)(?:\/(.*))?$/.exec(first?.pointer ?? '')
  return at && first ? `Row ${from + Number(at[1]) + 1}${at[2] ? `, ${at[2]}` : ''}: ${first.detail}` : problem.message
}

function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

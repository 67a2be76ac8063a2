import type { VNode } from 'preact'
import { send, table, type Id } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { Button, Confirmed } from '../../ui/controls.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { byteWords } from '../../ui/words.ts'
import { FilePreview, bytesOf } from './file-preview.tsx'

interface StoredFile {
  readonly name: string | null
  readonly type: string
  readonly size: number
  readonly version: string
}

/** The file of a row: a preview, and what can be done with it. */
export function FileField({
  resource,
  id,
  field,
  value,
  onChanged,
}: {
  readonly resource: ResourceInfo
  readonly id: Id
  readonly field: FieldInfo
  readonly value: unknown
  readonly onChanged: () => void
}): VNode {
  const file = (value ?? null) as StoredFile | null
  const path = `${resource.path}/${encodeURIComponent(id)}/${encodeURIComponent(field.name)}`
  const put = (input: HTMLInputElement): void => {
    const chosen = input.files?.[0]
    // A file that was changed can be chosen again.
    input.value = ''
    if (!chosen) return
    table(resource.name)
      .upload(id, field.name, chosen)
      .then(() => {
        say(`${chosen.name} uploaded`)
        onChanged()
      }, complain)
  }
  return (
    <div class="file-field">
      {file && (
        <>
          <FilePreview
            key={file.version}
            path={path}
            type={file.type}
            size={file.size}
            name={file.name ?? field.name}
          />
          <span>
            {file.name ?? 'without a name'} · {file.type} · {byteWords(file.size)}
          </span>
          <Button icon="download" kind="quiet" label="Download" onClick={() => void save(path, file).catch(complain)} />
          {resource.canPatch && field.nullable && (
            <Confirmed
              key={file.version}
              label={`Remove ${field.name}`}
              asking="Really remove"
              onConfirm={() =>
                void remove(path, file)
                  .then(() => say('File removed'), complain)
                  .then(onChanged)
              }
            />
          )}
        </>
      )}
      {resource.canPatch && (
        <input type="file" aria-label={`Upload ${field.name}`} onChange={event => put(event.currentTarget)} />
      )}
    </div>
  )
}

/** Removes the file that is shown, and no newer one. */
async function remove(path: string, { version }: StoredFile): Promise<void> {
  const response = await send('DELETE', path, { headers: { 'if-match': `"${version}"` } })
  if (response.ok) return
  const { detail } = (await response.json()) as { readonly detail?: string }
  throw new Error(detail ?? response.statusText)
}

async function save(path: string, { name }: StoredFile): Promise<void> {
  const url = URL.createObjectURL(await bytesOf(path))
  const link = document.createElement('a')
  link.href = url
  link.download = name ?? 'file'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

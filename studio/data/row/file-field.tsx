import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { send, table, type Id } from '../../server/client.ts'
import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'
import { Button } from '../../ui/controls.tsx'
import { complain, say } from '../../ui/toast.tsx'
import { byteWords } from '../../ui/words.ts'

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
  const put = (chosen: File | undefined): void => {
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
          {file.type.startsWith('image/') && <Preview key={file.version} path={path} name={file.name ?? field.name} />}
          <span>
            {file.name ?? 'without a name'} · {file.type} · {byteWords(file.size)}
          </span>
          <Button icon="download" kind="quiet" label="Download" onClick={() => void save(path, file).catch(complain)} />
        </>
      )}
      {resource.canPatch && (
        <input
          type="file"
          aria-label={`Upload ${field.name}`}
          onChange={event => put(event.currentTarget.files?.[0])}
        />
      )}
    </div>
  )
}

/** An image. It is read with the token of whoever looks, which the address of an image could not carry. */
function Preview({ path, name }: { readonly path: string; readonly name: string }): VNode | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    let made: string | null = null
    bytesOf(path).then(
      bytes => setUrl((made = URL.createObjectURL(bytes))),
      () => {},
    )
    return () => {
      if (made) URL.revokeObjectURL(made)
    }
  }, [path])
  return url === null ? null : <img src={url} alt={name} />
}

async function bytesOf(path: string): Promise<Blob> {
  const response = await send('GET', path, { headers: { accept: '*/*' } })
  if (!response.ok) throw new Error(`the file is ${response.status}`)
  return response.blob()
}

async function save(path: string, { name }: StoredFile): Promise<void> {
  const url = URL.createObjectURL(await bytesOf(path))
  const link = document.createElement('a')
  link.href = url
  link.download = name ?? 'file'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

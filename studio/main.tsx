import { render } from 'preact'
import { connectTo } from './server/client.ts'
import { loadDescription } from './server/description.ts'
import { loadInner } from './server/inner.ts'
import { Shell } from './shell/shell.tsx'
import { Button, Empty } from './ui/controls.tsx'

async function begin(): Promise<void> {
  const place = document.getElementById('studio')!
  try {
    const { title, paths } = await loadDescription()
    connectTo(paths)
    document.title = `${title} – Studio`
    void loadInner()
    place.replaceChildren()
    render(<Shell />, place)
  } catch (error) {
    place.replaceChildren()
    render(
      <Empty title="The studio cannot begin">
        {error instanceof Error ? error.message : String(error)}{' '}
        <Button onClick={() => location.reload()}>Try again</Button>
      </Empty>,
      place,
    )
  }
}

void begin()

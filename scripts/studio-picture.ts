// node scripts/studio-picture.ts [DATABASE]: makes docs/studio.png, a picture of the studio with the example world.
import { join } from 'node:path'
import { open } from '../examples/world/app.ts'
import { serve, sqlite } from '../src/index.ts'
import { openBrowser } from '../test/describe/browser.ts'

const root = join(import.meta.dirname, '..')
const app = open(sqlite(process.argv[2] ?? join(root, 'examples/world/data/world.db')))
const served = await serve(app, { port: 0, signals: false, report: () => {} })
const browser = await openBrowser()
const page = await browser.newPage({ viewport: { width: 1190, height: 560 }, deviceScaleFactor: 1.5 })
const filter = encodeURIComponent('[["population","gte","1000000"]]')
await page.goto(`${served.url}/studio#/data/city?sort=-population&filter=${filter}`)
await page.waitForSelector('.live-mark.live')
await page.waitForSelector('.reference [dir=auto]')
await page.screenshot({ path: join(root, 'docs/studio.png') })
await browser.close()
await served.close()

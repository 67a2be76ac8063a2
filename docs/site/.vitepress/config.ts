// The site: the guide, the reference, the protocol and the decisions. `collect.ts` puts the documents into `pages`, typedoc adds the names.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type DefaultTheme } from 'vitepress'

const pages = join(import.meta.dirname, '../pages')

/** The pages that the tables of an index page link to, by the headings above them. */
function listed(index: string): DefaultTheme.SidebarItem[] {
  const text = readFileSync(join(pages, index), 'utf8')
  return text.split(/^## /m).flatMap(section => {
    const [heading = ''] = section.split('\n', 1)
    const items = [...section.matchAll(/^\| (?:[^|]*?)\[([^\]]+)\]\(\/([\w./-]+)\.md\)/gm)].map(([, title, path]) => ({
      text: title,
      link: `/${path.replace(/(^|\/)index$/, '$1')}`,
    }))
    return items.length === 0 || heading === 'Questions' ? [] : [{ text: heading.replace(/^# /, ''), items }]
  })
}

/** The pages of the names, one for each entry of the package. */
function names(): DefaultTheme.SidebarItem[] {
  const path = join(pages, 'reference/names')
  const files = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  return files
    .filter(file => file.endsWith('.md') && file !== 'index.md')
    .toSorted()
    .map(file => ({ text: titleOf(join(path, file)), link: `/reference/names/${file.slice(0, -3)}` }))
}

const titleOf = (file: string): string => /^# (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? file

const reference: DefaultTheme.SidebarItem[] = [
  {
    text: 'Reference',
    items: [
      { text: 'Overview', link: '/reference/' },
      { text: 'Error codes', link: '/reference/errors' },
      { text: 'Limits', link: '/reference/limits' },
      { text: 'Protocol', link: '/protocol' },
    ],
  },
  { text: 'Names', link: '/reference/names/', items: names() },
]

export default defineConfig({
  title: 'Restuary',
  description: 'Declare a resource once; serve it over REST, Server-Sent Events, WebSocket and Socket.IO, live.',
  srcDir: 'pages',
  outDir: 'dist',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          // Without combineWith each short word finds half of the site.
          searchOptions: {
            combineWith: 'AND',
            fuzzy: 0.1,
            boostDocument: (id: string) => (id.startsWith('/guide/') ? 3 : 1),
          },
        },
      },
    },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/', activeMatch: '/guide/' },
      { text: 'Reference', link: '/reference/', activeMatch: '/reference/|/protocol' },
      { text: 'Examples', link: '/examples/', activeMatch: '/examples/' },
      { text: 'Decisions', link: '/decisions/', activeMatch: '/decisions/' },
    ],
    sidebar: {
      '/guide/': [{ text: 'Guide', link: '/guide/' }, ...listed('guide/index.md')],
      '/reference/': reference,
      '/protocol': reference,
      '/examples/': listed('examples/index.md'),
      '/decisions/': listed('decisions/index.md'),
    },
  },
})

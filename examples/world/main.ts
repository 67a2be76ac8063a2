// node examples/world/main.ts [DATABASE]
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serve, sqlite } from '../../src/index.ts'
import { open } from './app.ts'
import { build } from './build.ts'

const file = process.argv[2] ?? fileURLToPath(new URL('data/world.db', import.meta.url))
if (!existsSync(file)) await build(file, path => open(sqlite(path)))
const { url } = await serve(open(sqlite(file)))

const queries = [
  ['The ten largest cities', '/city?sort=-population&limit=10'],
  ['The capitals of Europe', '/city?capital=true&country.region=Europe&sort=country.name&depth=2'],
  ['A country with its neighbours', '/country?cca3=DEU&include=borders'],
  ['Who borders on France', '/country?filter={"borders":{"$some":{"name":"France"}}}&fields=name,area'],
  [
    'Where Spanish is spoken and the euro is not paid',
    '/country?filter={"languages":{"$some":{"code":"spa"}},"currencies":{"$none":{"code":"EUR"}}}&fields=name',
  ],
  ['Islands, by size', '/country?filter={"borders":{"$size":0}}&sort=-area&limit=5&fields=name,area'],
  ['The cities of Japan, second page', '/country/116/cities?sort=-population&limit=10&offset=10'],
  ['Cities called Paris, and where', '/city?name=Paris&depth=2&fields=name,population,country.name'],
] as const
console.error('\nTo try (curl -g):')
for (const [what, query] of queries) console.error(`  ${what}\n    ${url}${query}`)

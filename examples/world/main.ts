// node examples/world/main.ts [DATABASE]
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { build } from './build.ts'

const country = resource({
  id: t.id(),
  cca2: t.text({ min: 2, max: 2 }).unique(),
  cca3: t.text({ min: 3, max: 3 }).unique(),
  ccn3: t.text({ min: 3, max: 3 }).nullable(),
  name: t.text().index(),
  official: t.text(),
  capitals: t.list(t.text()),
  region: t.text().index(),
  subregion: t.text().nullable(),
  area: t.number({ min: 0 }).nullable(),
  latitude: t.number({ min: -90, max: 90 }),
  longitude: t.number({ min: -180, max: 180 }),
  landlocked: t.bool(),
  unMember: t.bool(),
  flag: t.text(),
  borders: t.many('country', { symmetric: true }),
  languages: t.many('language', { inverse: 'countries' }),
  currencies: t.many('currency', { inverse: 'countries' }),
  // Up to 17,000 of them: not shown with the country, but under /country/76/cities, and counted.
  cities: t.back('city', 'country', { ids: false }),
}).public()

const language = resource({
  id: t.id(),
  code: t.text({ max: 3 }).unique(),
  name: t.text(),
  countries: t.many('country', { inverse: 'languages' }),
}).public()

const currency = resource({
  id: t.id(),
  code: t.text({ min: 3, max: 3 }).unique(),
  name: t.text(),
  symbol: t.text().nullable(),
  countries: t.many('country', { inverse: 'currencies' }),
}).public()

const city = resource({
  id: t.id(),
  name: t.text().index(),
  country: t.one('country', { inverse: 'cities', onDelete: 'restrict' }).index(),
  population: t.integer({ min: 0 }).index(),
  latitude: t.number({ min: -90, max: 90 }),
  longitude: t.number({ min: -180, max: 180 }),
  capital: t.bool(),
}).public()

const open = (file: string) => api({ country, language, currency, city }, { store: sqlite(file) })

const file = process.argv[2] ?? fileURLToPath(new URL('data/world.db', import.meta.url))
if (!existsSync(file)) await build(file, open)
const { url } = await serve(open(file))

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

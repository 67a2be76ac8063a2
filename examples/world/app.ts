import { api, resource, t, type Api, type Store } from '../../src/index.ts'

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

export const open = (store: Store): Api => api({ country, language, currency, city }, { store })

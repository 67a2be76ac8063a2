export { postgres } from './postgres.ts'
export type { PostgresOptions } from './options.ts'

// Applies the plan of a file to a schema of PostgreSQL, or takes it back: node killed-program.ts up|down FILE. Tests kill it.
import { readFileSync } from 'node:fs'
import type { MigrationStep } from '../../../src/store/migrate/step.ts'
import { postgresMigrations } from '../../migrations-of.ts'

interface Given {
  readonly url: string
  readonly schema: string
  readonly steps: readonly MigrationStep[]
}

const [, , way, file] = process.argv as [string, string, string, string]
const { url, schema, steps } = JSON.parse(readFileSync(file, 'utf8')) as Given
const migrations = await postgresMigrations({ url, schema })
process.stdout.write('begins\n')
if (way === 'up') await migrations.apply({ name: '0001', steps }, new Map())
else await migrations.down('0001', new Map())
await migrations.close()

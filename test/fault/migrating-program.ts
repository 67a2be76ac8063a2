// Applies the plan of a file to a database, or takes it back. The test kills it in the middle.
import { readFileSync } from 'node:fs'
import { readPlan } from '../../src/store/migrate/plan-file.ts'
import { sqliteMigrations } from '../migrations-of.ts'

const [, , way, database, file] = process.argv as [string, string, string, string, string]
const plan = readPlan('0001', readFileSync(file, 'utf8'))
const migrations = sqliteMigrations(database)
process.stdout.write('begins\n')
if (way === 'up') migrations.apply(plan, new Map())
else await migrations.down(plan.name, new Map())
migrations.close()

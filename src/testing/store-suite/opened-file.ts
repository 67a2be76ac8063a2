import type { Model } from '../../model/model.ts'
import { openFile, type Opened } from '../../store/sqlite/open.ts'
import { withDefaults } from '../../store/sqlite/options.ts'
import { Terms } from '../../store/terms.ts'
import { testEnvironment } from './world.ts'

/** Opens a SQLite file, or a database in memory, for tests of the parts of the store. Close its connection afterwards. */
export function openedFile(model: Model, file: string = ':memory:'): Opened {
  return openFile({
    file,
    model,
    environment: testEnvironment({ now: 0 }),
    options: withDefaults({}),
    terms: new Terms(),
  })
}

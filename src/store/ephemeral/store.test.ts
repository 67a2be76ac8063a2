import { storeSuite } from '../../testing/store-suite.ts'
import { memory } from '../memory.ts'
import { EphemeralStore } from './store.ts'

// What lasts is kept as it is without anything ephemeral beside it.
storeSuite('memory with ephemeral rows beside it', () => new EphemeralStore(memory(), () => {}))

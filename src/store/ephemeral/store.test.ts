import { storeSuite } from '../../testing/store-suite.ts'
import { memory } from '../memory.ts'
import { EphemeralStore } from './store.ts'

// Stored rows are kept as usual if there are no ephemeral ones.
storeSuite('memory with ephemeral rows beside it', () => new EphemeralStore(memory(), () => {}))

import type { Model } from '../../model/model.ts'
import { filesBeside, type FileStore } from '../../store/files.ts'
import { Files, type FilesOptions } from './files.ts'
import { ledgerOf } from './ledger.ts'

export { withFiles } from './ledger.ts'

type Surroundings = Omit<FilesOptions, 'ledger' | 'files' | 'isOfProcess'> & { readonly model: Model }

/** The files of an API; null if no resource has any. By default their bytes are stored in a folder beside the database file. */
export function filesOf(files: FileStore | undefined, { model, ...options }: Surroundings): Files | null {
  const ledger = ledgerOf(model)
  const isOfProcess = files === undefined && options.store.file === undefined
  return ledger && new Files({ ...options, ledger, isOfProcess, files: files ?? filesBeside(options.store.file) })
}

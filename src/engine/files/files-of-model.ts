import type { Model } from '../../model/model.ts'
import { filesBeside, type FileStore } from '../../store/files.ts'
import { Files, type FilesOptions } from './files.ts'
import { ledgerOf } from './ledger.ts'

export { withFiles } from './ledger.ts'

type Surroundings = Omit<FilesOptions, 'ledger' | 'files'> & { readonly model: Model }

/** The files of an API, kept beside the file of its rows unless it is said where; null where no resource has any. */
export function filesOf(files: FileStore | undefined, { model, ...options }: Surroundings): Files | null {
  const ledger = ledgerOf(model)
  return ledger && new Files({ ...options, ledger, files: files ?? filesBeside(options.store.file) })
}

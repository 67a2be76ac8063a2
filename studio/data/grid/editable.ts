import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'

/** Whether a new row can be given a value. */
export const isMade = ({ isWritable, kind }: FieldInfo): boolean => isWritable && kind !== 'file'

/** Whether a value can be changed where it stands. */
export const isEditable = (field: FieldInfo, { canPatch }: ResourceInfo): boolean =>
  canPatch && field.isWritable && !field.isId && field.kind !== 'file' && field.kind !== 'many'

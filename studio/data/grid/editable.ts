import type { ResourceInfo } from '../../server/description.ts'
import type { FieldInfo } from '../../server/fields.ts'

/** Whether a value can be changed where it stands. */
export const isEditable = (field: FieldInfo, { canPatch }: ResourceInfo): boolean =>
  canPatch && field.isWritable && !field.isId && field.kind !== 'file' && field.kind !== 'many'

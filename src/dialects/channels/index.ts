/** The exports for users of channels-api and Django REST framework: `restuary/channels`. */
export {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionClass,
  type PermissionFunction,
  type PermissionObject,
} from './permission.ts'
export { envelope, type EnvelopeOperation, type EnvelopeSettings } from './settings.ts'

/** What channels-api and Django REST framework call permissions: `restuary/channels`. */
export {
  AllowAny,
  IsAuthenticated,
  permissionClasses,
  type PermissionClass,
  type PermissionFunction,
  type PermissionObject,
} from './permission.ts'

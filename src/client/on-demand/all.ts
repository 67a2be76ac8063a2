// What most pages ask for seldom or never. It is one file of the bundle, which is loaded when something of it is needed.
export { batch } from './batch.ts'
export { mergeAgain } from './conflict.ts'
export { doAgain, login, logout, refresh, renew, ticket } from './credentials.ts'
export { introduce } from './introduce.ts'
export { download, history, send, upload } from './requests.ts'

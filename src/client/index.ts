/**
 * The client of an API, for browsers and everything else that has `fetch`.
 *
 * @example
 * const api = client<App>('https://todo.example')
 * await api.todo.create({ text: 'Bread' })
 */
export { client, type ClientOptions } from './client.ts'
export { Problem, type Asked, type Complaint, type LocalCode, type ProblemDocument, type Settled } from './problem.ts'
export type { Layer, LayerParts } from './offline/layer.ts'
export type { LiveTransport, LiveTransportOptions } from './follower.ts'
export type { Tokens, TokenStore } from './session.ts'
export type { ActionOptions, AnyRequest, Auth, Batch, Client, Own, Served } from './types/client.ts'
export type { AskedList, Matching, Resource } from './types/resource.ts'
export type {
  ChangeOptions,
  CountedPage,
  GetOptions,
  HistoryOptions,
  ListOptions,
  Page,
  ReadOptions,
  RequestOptions,
  UploadOptions,
  WriteOptions,
} from './types/query.ts'
export type { ClientState, Status } from './status.ts'
export type { Live, LiveChange, LiveOptions, LiveRow, LiveState, LiveStatus } from './types/live.ts'

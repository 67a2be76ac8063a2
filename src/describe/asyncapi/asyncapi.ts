import type { Model } from '../../model/model.ts'
import { Components } from '../components.ts'
import { problemSchema } from '../openapi/answers.ts'
import type { DescribeOptions } from '../options.ts'
import { AsyncDraft } from '../async-draft.ts'
import type { Json } from '../openapi/answers.ts'
import { describeNative } from './native.ts'
import { describeSse } from './sse.ts'

/** Makes the AsyncAPI document (3.0.0) of an API: all protocols that report changes, with all their messages. */
export function asyncapi(model: Model, options: DescribeOptions): Json {
  const draft = new AsyncDraft(model, options, new Components(model))
  describeSse(draft)
  describeNative(draft)
  for (const describe of options.sockets) describe(draft)
  const server = (protocol: string): Json => ({
    host: '{host}',
    protocol,
    ...(options.prefix === '' ? {} : { pathname: options.prefix }),
    variables: { host: { default: 'localhost:3000', description: 'The server, with its port.' } },
  })
  return {
    asyncapi: '3.0.0',
    info: {
      title: options.title,
      version: options.version,
      ...(options.description === '' ? {} : { description: options.description }),
    },
    defaultContentType: 'application/json',
    servers: { http: server('http'), ws: server('ws') },
    channels: draft.channels,
    operations: draft.operations,
    components: { schemas: { ...draft.components.done(), Problem: problemSchema } },
  }
}

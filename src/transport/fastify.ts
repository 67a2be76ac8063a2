import type { FastifyPluginCallback } from 'fastify'
import type { Engine } from '../engine/engine.ts'
import type { HttpSetup } from './http/options.ts'
import { handler } from './hosts/node.ts'

/**
 * A Fastify plugin that answers everything below its prefix. It takes requests over before Fastify reads their bodies;
 * `onRequest` hooks of the same scope still run.
 *
 * @example
 * fastify.register(plugin(app.engine), { prefix: '/api' })
 */
export function plugin(engine: Engine, options: Omit<HttpSetup, 'prefix'> = {}): FastifyPluginCallback {
  return (app, _, done) => {
    const answer = handler(engine, { ...options, prefix: app.prefix })
    if (!app.supportedMethods.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: true })
    for (const url of ['/', '/*']) {
      app.route({
        method: ['GET', 'HEAD', 'QUERY', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
        url,
        exposeHeadRoute: false,
        onRequest: (request, reply) => {
          reply.hijack()
          answer(request.raw, reply.raw)
        },
        handler: () => {},
      })
    }
    done()
  }
}

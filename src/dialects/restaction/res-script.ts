import type { OperationTable } from '../../describe/client/browser/methods.ts'
import { jsLiteral } from '../../describe/client/client-js.ts'
import { runtime } from '../../describe/client/runtime.ts'
import type { MetaData } from './meta.ts'
import { resRuntime } from './res-runtime.ts'

/**
 * Makes restaction's client as a script: `res.hello.get({ name })` in a browser, `require` in Node. Its methods and URIs come
 * only from the metadata.
 */
export function resScript(meta: MetaData): string {
  const { header = null } = (meta['$auth'] ?? {}) as { readonly header?: string | null }
  const options = { base: meta['$url_prefix'] ?? '', header: (header ?? 'authorization').toLowerCase() }
  return [
    '(function (root, make) {',
    "  if (typeof module === 'object' && module.exports) module.exports = make()",
    '  else root.res = make()',
    "})(typeof self === 'undefined' ? this : self, function () {",
    "'use strict'",
    runtime,
    resRuntime,
    `return resOf(${jsLiteral(metaTable(meta))}, ${jsLiteral(options)})`,
    '})',
    '',
  ].join('\n')
}

/** The table of operations from the metadata. Each name determines a method and a URI. */
function metaTable(meta: MetaData): OperationTable {
  const entries = Object.entries(meta).filter(([name, one]) => !name.startsWith('$') && isMap(one))
  return Object.fromEntries(
    entries.map(([name, actions]) => [
      name,
      Object.fromEntries(
        Object.keys(actions as MetaData)
          .filter(action => !action.startsWith('$'))
          .map(action => {
            const at = action.indexOf('_')
            const method = (at < 0 ? action : action.slice(0, at)).toUpperCase()
            return [action, [method, `/${name}${at < 0 ? '' : `/${action.slice(at + 1)}`}`]]
          }),
      ) as OperationTable,
    ]),
  )
}

function isMap(value: unknown): value is MetaData {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

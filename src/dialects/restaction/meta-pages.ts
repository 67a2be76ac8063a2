import type { Model } from '../../model/model.ts'
import type { Page } from '../../transport/http/endpoint.ts'
import { prefersJson } from './meta-choice.ts'
import { metaData, sortedJson, type MetaData } from './meta.ts'
import { resScript } from './res-script.ts'

/**
 * Serves the documentation page as clients of restaction expect it: metadata for those that ask for JSON, and the script at
 * `?f=res.js`. `file` returns the members of a meta file, `authorize` refuses callers who may see none of this.
 */
export function metaPages(
  model: Model,
  file: () => MetaData,
  prefix: string,
  authorize: Page['authorize'] | null,
): (page: Page) => Page {
  return page => {
    const { path } = page
    const meta: Page = {
      path,
      type: 'application/json; charset=utf-8',
      cache: 'no-cache',
      text: () => sortedJson(metaData(model, file, prefix)),
    }
    const script: Page = {
      path,
      type: 'application/javascript',
      cache: 'no-cache',
      text: () => resScript(metaData(model, file, prefix)),
    }
    return {
      ...page,
      ...(authorize && { authorize }),
      choose: (query, accept) => {
        const words = new URLSearchParams(query)
        if (words.has('json') || prefersJson(accept)) return meta
        const asset = words.get('f') ?? ''
        if (asset === '') return page
        return asset === 'res.js' || asset === 'res.min.js' ? script : null
      },
    }
  }
}

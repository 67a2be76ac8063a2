import type { PipelineStep } from '../call/invocation.ts'
import type { Files } from './files.ts'

/** The step `receive`: receives the files of a write once it is known that the write would be allowed. */
export function receivingFiles(files: Files): PipelineStep {
  return (invocation, next) => {
    const { call, writing } = invocation
    if (!call.receive) return next(invocation)
    return files.during(call, writing!, ready => {
      invocation.writing = ready
      return next(invocation)
    })
  }
}

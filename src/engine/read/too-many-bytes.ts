import { ApiError } from '../../protocol/error.ts'

/** The refusal of an answer that cannot end early. */
export function tooManyBytes(most: number): ApiError {
  return new ApiError('too_complex', {
    detail: `the answer has more than ${most} bytes; ask for fewer rows, or fewer fields, related rows and levels of them`,
  })
}

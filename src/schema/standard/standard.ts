/** The part of Standard Schema v1 (https://standardschema.dev) that is used here; zod, valibot, arktype and others carry it. */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>
    readonly types?: { readonly input: I; readonly output: O } | undefined
    /** Standard JSON Schema: where a library offers it, documents show it and text is read by it. */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Readonly<Record<string, unknown>>
      readonly output: (options: { readonly target: string }) => Readonly<Record<string, unknown>>
    }
  }
}

export type StandardResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Schemas of some libraries are functions, so both are looked at. */
export function isStandard(value: unknown): value is StandardSchema {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value
}

/** The JSON Schema (draft 2020-12) that a schema's library offers for one side of it; null if it cannot. */
export function jsonSchemaOf(
  schema: StandardSchema,
  side: 'input' | 'output',
): Readonly<Record<string, unknown>> | null {
  try {
    return schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? null
  } catch {
    return null // what the library cannot express it refuses by throwing
  }
}

/**
 * The part of Standard Schema v1 (https://standardschema.dev) that is used here. Schemas of zod, valibot, arktype and others
 * have it.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>
    readonly types?: { readonly input: I; readonly output: O } | undefined
    /** Standard JSON Schema. If a library offers it, documents show it and text is read by it. */
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

/** Whether a value is a Standard Schema. Schemas of some libraries are functions. */
export function isStandard(value: unknown): value is StandardSchema {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value
}

/** The JSON Schema (draft 2020-12) of one side of a schema, if its library offers it. null = it does not. */
export function jsonSchemaOf(
  schema: StandardSchema,
  side: 'input' | 'output',
): Readonly<Record<string, unknown>> | null {
  try {
    return schema['~standard'].jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? null
  } catch {
    return null // a library throws if JSON Schema cannot express the schema
  }
}

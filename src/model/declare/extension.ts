/**
 * What a resource is told for the sake of somebody beside the core, a dialect for instance, who finds it in the linked
 * model: `resource.extensions[name]`. Settings that are given later are added to those before.
 */
export interface Extension {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

export type Extensions = Readonly<Record<string, Extension['settings']>>

export function extended(known: Extensions | undefined, { name, settings }: Extension): Extensions {
  return Object.freeze({ ...known, [name]: Object.freeze({ ...known?.[name], ...settings }) })
}

/**
 * Settings of a resource for a dialect or another extension. The extension finds them in the linked model:
 * `resource.extensions[name]`. Later settings are added to earlier ones.
 */
export interface Extension {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

export type Extensions = Readonly<Record<string, Extension['settings']>>

/**
 * Adds the settings of a dialect to those that are known. Later settings of the same dialect replace earlier ones of the same
 * name.
 */
export function extended(known: Extensions | undefined, { name, settings }: Extension): Extensions {
  return Object.freeze({ ...known, [name]: Object.freeze({ ...known?.[name], ...settings }) })
}

/** A text of JSON with the id of a created row in place of its temporary one. */
export const withNewId = (text: string, key: string, id: unknown): string =>
  text.replaceAll(`"new:${key}"`, JSON.stringify(id)).replaceAll(`new%3A${key}`, encodeURIComponent(id as string))

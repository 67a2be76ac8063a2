/** A value of the engine: what JSON can hold. Bytes are base64 text, decimals and moments canonical text. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }

export type Id = number | string

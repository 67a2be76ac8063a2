/** A value in the engine: anything that JSON can represent. Bytes are base64 text, decimals and moments canonical text. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }

export type Id = number | string

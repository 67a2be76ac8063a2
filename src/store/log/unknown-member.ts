/** The member of an image that names the fields whose value was lost when a migration converted it. */
export const UNKNOWN = '_unknown'

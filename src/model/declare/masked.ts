/**
 * A field that a rule hides from some callers. Their rows do not have it, so that hidden and empty differ.
 *
 * @example
 * resource({ id: t.id(), secret: t.text(), author: t.one('user') }).rules((me, card) => ({
 *   read: always,
 *   fields: { secret: { read: card.author.is(me) } }, // `secret` is masked
 * }))
 */
export interface MaskedField {
  readonly '~masked': true
}

/** The row R of a resource with the fields F: members that a rule may hide are optional. */
export type Maskable<F, R> = [MaskedIn<F>] extends [never] ? R : Flat<Omit<R, MaskedIn<F>> & Partial<R>>

type MaskedIn<F> = keyof { [P in keyof F as F[P] extends MaskedField ? P : never]: 0 }

/** The members of an intersection as one object, which is what editors show. */
type Flat<R> = { [P in keyof R]: R[P] }

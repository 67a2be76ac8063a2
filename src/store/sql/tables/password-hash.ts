/**
 * Whether a text is a hash of a password in one of the usual forms: `$argon2id$v=19$…`, `$2b$12$…`, `$6$…` (PHC strings and those of crypt),
 * `pbkdf2_sha256$…`, `scrypt:32768:8:1$…`.
 */
export function isPasswordHash(text: string): boolean {
  return text.length >= 30 && (CRYPT.test(text) || NAMED.test(text))
}

/** Whether it is one of those that Restuary makes and checks. */
export const isArgon2id = (text: string): boolean => text.startsWith('$argon2id$') && isPasswordHash(text)

const CRYPT = /^\$[a-z0-9-]{1,16}\$[!-~]+$/
const NAMED = /^(?:pbkdf2|scrypt|argon2|bcrypt)[a-z0-9_]*[:$][!-~]*\$[!-~]+$/

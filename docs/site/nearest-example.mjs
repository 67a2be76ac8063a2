// A plugin of typedoc. It warns of functions and classes without an example. A type without one gets that of the nearest name that
// uses it: it shows where values of the type come from.
import { Comment, CommentTag, Converter, ReflectionKind, ReflectionType } from 'typedoc'

const VALUES = ReflectionKind.Function | ReflectionKind.Class | ReflectionKind.Variable

/** The names that a reflection mentions, in its signatures, members and types. */
function mentioned(reflection) {
  const found = new Set()
  const seen = new Set()
  const walk = value => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (value.type === 'reference' && value.reflection) found.add(value.reflection)
    else if (value instanceof ReflectionType) walk(value.declaration)
    for (const [key, one] of Object.entries(value))
      if (!['parent', 'project', 'comment', 'sources', 'inheritedFrom', 'overwrites'].includes(key)) walk(one)
  }
  walk(reflection)
  return found
}

const commentsOf = one => [one.comment, ...(one.signatures ?? []).map(signature => signature.comment)]

const exampleOf = one =>
  commentsOf(one)
    .flatMap(comment => comment?.blockTags ?? [])
    .find(tag => tag.tag === '@example') ?? null

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const names = Object.values(project.reflections).filter(
      one => one.parent?.kindOf(ReflectionKind.Module) && !one.kindOf(ReflectionKind.Reference),
    )
    const users = new Map(names.map(one => [one, []]))
    for (const user of names) for (const one of mentioned(user)) users.get(one)?.push(user)
    const found = new Map(names.filter(exampleOf).map(one => [one, one]))
    const missing = names.filter(one => !found.has(one))
    for (const one of missing.filter(one => one.kindOf(VALUES))) app.logger.warn(`${one.getFullName()} has no @example`)
    // From the names with examples to the types that they mention, then to those that these mention, and so on.
    for (let isNew = true; isNew;) {
      const next = missing.flatMap(one => {
        const user = found.has(one) ? undefined : users.get(one).find(user => found.has(user))
        return user ? [[one, found.get(user)]] : []
      })
      for (const [one, source] of next) found.set(one, source)
      isNew = next.length > 0
    }
    for (const one of missing) {
      const source = found.get(one)
      if (source === undefined) {
        app.logger.warn(`${one.getFullName()} has no @example, and no name with one mentions it`)
        continue
      }
      const { content } = exampleOf(source)
      one.comment ??= new Comment()
      one.comment.blockTags.push(
        new CommentTag('@example', [
          { kind: 'text', text: `That of \`${source.name}\`:\n\n` },
          ...Comment.cloneDisplayParts(content),
        ]),
      )
    }
  })
}

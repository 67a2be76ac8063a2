import type { Issue } from '../../protocol/error.ts'
import { plainShape } from '../../query/predicate.ts'
import type { Work } from '../../store/work.ts'
import type { Prepared } from './read-body.ts'
import { asFile } from './refused-members.ts'
import { RelatedLoader } from '../read/related/load-related.ts'
import { writeRow } from '../read/write-json.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { unfit } from './set-fields.ts'
import { equal, type Instance, type UnitOfWork } from './unit-of-work.ts'
import { viewOf } from '../read/view.ts'

/**
 * Checks the read-only members of a body. They are accepted if they repeat what a GET shows, so that GET → edit → PUT works
 * (protocol §3.1). Other values are refused.
 */
export function* checkReadOnlyMembers(
  unit: UnitOfWork,
  instance: Instance,
  prepared: Prepared,
  reading: ReadEnvironment,
): Work<void> {
  const view = viewOf(instance.resource, plainShape)
  const related = yield* new RelatedLoader(unit.tx, reading).load(view, [instance.row])
  const shown = JSON.parse(writeRow(view, instance.row, related, reading.ctx)) as Record<string, unknown>
  const issues: Issue[] = []
  for (const { field, value, pointer, refused } of prepared.echoes)
    if (!Object.hasOwn(shown, field.name) || !equal(shown[field.name], value))
      issues.push(
        refused
          ? { code: refused.code, pointer: pointer + refused.at, detail: refused.detail }
          : field.is === 'scalar' && field.def.file && !field.readonly
            ? asFile(field, pointer)
            : {
                code: 'read_only',
                pointer,
                detail: `${field.name} is set by the server; leave it out or send it as it is`,
              },
      )
  if (issues.length) throw unfit(issues)
}

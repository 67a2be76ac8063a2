import type { VNode } from 'preact'
import { Rule } from '../access/rule.tsx'
import { description, type ResourceInfo } from '../server/description.ts'
import type { FieldInfo } from '../server/fields.ts'
import { inner } from '../server/inner.ts'
import { to } from '../shell/route.ts'
import { Badge } from '../ui/controls.tsx'
import { TableHead } from '../ui/table-head.tsx'

/** Every resource with its fields, relations, actions and rules, to read. */
export function FieldList(): VNode {
  return (
    <>
      {description.value!.resources.map(one => (
        <ResourceFields key={one.name} resource={one} />
      ))}
    </>
  )
}

function ResourceFields({ resource }: { readonly resource: ResourceInfo }): VNode {
  const known = inner.value?.resources.find(({ name }) => name === resource.name)
  const isDescribed = resource.fields.some(field => field.description || field.title)
  const isRuled = known !== undefined && Object.keys(known.fieldRules).length > 0
  const actions = resource.operations.filter(({ operation }) => operation['x-operation'] === 'act')
  return (
    <section class="box resource-fields">
      <h2 dir="auto">
        <a href={to(['data', resource.name])}>{resource.name}</a>
      </h2>
      {resource.description && <p class="muted">{resource.description}</p>}
      {known && (
        <dl class="rules">
          {Object.entries(known.rules).map(([operation, rule]) => (
            <div key={operation}>
              <dt>{operation}</dt>
              <dd>
                <Rule text={rule} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <div class="scroll">
        <table>
          <TableHead
            names={['Field', 'Type', ...(isDescribed ? ['Description'] : []), ...(isRuled ? ['Rules'] : [])]}
          />
          <tbody>
            {resource.fields.map(field => (
              <tr key={field.name}>
                <th scope="row" dir="auto">
                  {field.name}
                </th>
                <td>
                  <FieldType field={field} />
                </td>
                {isDescribed && <td>{field.description || field.title}</td>}
                {isRuled && (
                  <td>
                    {Object.entries(known.fieldRules[field.name] ?? {}).map(([access, rule]) => (
                      <span key={access}>
                        <span class="muted">{access}</span> <Rule text={rule} />{' '}
                      </span>
                    ))}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {actions.length > 0 && (
        <p>
          Actions:{' '}
          {actions.map(({ method, path, tag }) => (
            <a key={`${method} ${path}`} href={to(['operations', tag])}>
              <code>
                {method} {path}
              </code>{' '}
            </a>
          ))}
        </p>
      )}
    </section>
  )
}

function FieldType({ field }: { readonly field: FieldInfo }): VNode {
  return (
    <>
      {field.to === null ? (
        field.kind
      ) : (
        <>
          {field.kind === 'many' && 'list of '}
          <a href={to(['data', field.to])}>{field.to}</a>
        </>
      )}{' '}
      {field.isRequired && <Badge tone="accent">required</Badge>}
      {field.nullable && <Badge>nullable</Badge>}
      {!field.isWritable && <Badge>read only</Badge>}
      {!field.isShown && <Badge>hidden</Badge>}
      {field.choices.length > 0 && <span class="muted"> {field.choices.join(', ')}</span>}
    </>
  )
}

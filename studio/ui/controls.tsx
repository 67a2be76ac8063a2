import type { ComponentChildren, VNode } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from '../shell/icons.tsx'

interface ButtonProps {
  readonly icon?: IconName
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly label?: string
  readonly pressed?: boolean
  readonly disabled?: boolean
  readonly type?: 'button' | 'submit'
  readonly onClick?: (event: MouseEvent) => void
  readonly children?: ComponentChildren
}

export function Button({
  icon,
  kind = 'plain',
  label,
  pressed,
  disabled,
  type = 'button',
  onClick,
  children,
}: ButtonProps): VNode {
  return (
    <button
      type={type}
      class={`button ${kind}${children ? '' : ' bare'}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  )
}

/** A button that removes something, and has to be pressed twice. */
export function Confirmed({
  label,
  asking,
  onConfirm,
}: {
  readonly label: string
  /** What it says before it is pressed again. */
  readonly asking: string
  readonly onConfirm: () => void
}): VNode {
  const [isAsked, setAsked] = useState(false)
  // It is the same button, so that it keeps the focus.
  return (
    <Button
      kind={isAsked ? 'danger' : 'quiet'}
      {...(isAsked ? {} : { icon: 'trash', label })}
      onClick={() => (isAsked ? onConfirm() : setAsked(true))}
    >
      {isAsked && asking}
    </Button>
  )
}

/** Tabs, of which one is chosen. The arrow keys move between them. */
export function Tabs<T extends string>({
  label,
  all,
  chosen,
  onChoose,
}: {
  readonly label: string
  readonly all: readonly { readonly name: T; readonly title: ComponentChildren }[]
  readonly chosen: T
  readonly onChoose: (name: T) => void
}): VNode {
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = (all.findIndex(one => one.name === chosen) + step + all.length) % all.length
    onChoose(all[at]!.name)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
      {all.map(({ name, title }) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === chosen}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => onChoose(name)}
        >
          {title}
        </button>
      ))}
    </div>
  )
}

/** Stands where there is nothing to show, and says what one can do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): VNode {
  return (
    <div class="empty">
      <b>{title}</b>
      {children && <p>{children}</p>}
    </div>
  )
}

/** A short word in a coloured frame. */
export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: string
  readonly children: ComponentChildren
}): VNode {
  return <span class={`badge ${tone}`}>{children}</span>
}

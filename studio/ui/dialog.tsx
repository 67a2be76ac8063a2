import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from './controls.tsx'
import { Toasts } from './toast.tsx'

/** A modal dialog. The browser keeps the focus inside, and Escape closes it. */
export function Dialog({
  title,
  side = false,
  onClose,
  children,
  footer,
}: {
  readonly title: ComponentChildren
  /** It slides in from the side and is as high as the page. */
  readonly side?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
  readonly footer?: ComponentChildren
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    // A dialog that is taken out of the page does not give the focus back on its own.
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={side ? 'side' : 'middle'}
      aria-label={typeof title === 'string' ? title : undefined}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      onClose={() => {
        onClose()
        // Browsers close a dialog at the second Escape without asking. If there is a question left, it stays.
        requestAnimationFrame(() => dialog.current?.open === false && dialog.current.showModal())
      }}
      onClick={event => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div class="dialog">
        <header>
          <h2>{title}</h2>
          <Button icon="close" kind="quiet" label="Close" onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        {footer && <footer>{footer}</footer>}
      </div>
      <Toasts />
    </dialog>
  )
}

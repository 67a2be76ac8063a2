import type { VNode } from 'preact'

const paths = {
  home: 'M3 10.5 12 3l9 7.5V21h-6v-6H9v6H3z',
  table: 'M3 5h18v14H3zM3 10h18M9 10v9',
  wire: 'M3 12h4l3-8 4 16 3-8h4',
  api: 'M8 6 3 12l5 6M16 6l5 6-5 6M14 4l-4 16',
  model: 'M4 4h6v5H4zM14 15h6v5h-6zM7 9v4a2 2 0 0 0 2 2h5',
  access: 'M12 3 4 6v6c0 5 3.5 8 8 9 4.5-1 8-4 8-9V6z',
  server: 'M4 4h16v7H4zM4 13h16v7H4zM7.5 7.5h.1M7.5 16.5h.1',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm5 12 5 5',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  chevron: 'm9 6 6 6-6 6',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  user: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c0-4 3.6-6 8-6s8 2 8 6',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  upload: 'M12 16V5M7 9l5-5 5 5M4 20h16',
  columns: 'M4 5h16v14H4zM10 5v14M15 5v14',
  filter: 'M4 5h16l-6 8v6l-4-2v-4z',
  code: 'm8 7-5 5 5 5M16 7l5 5-5 5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  play: 'M7 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  cut: 'M6 7a2 2 0 1 1 0-4 2 2 0 0 1 0 4zM6 21a2 2 0 1 1 0-4 2 2 0 0 1 0 4zM8 6l12 12M8 18 20 6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'm5 12 5 5 9-10',
  warning: 'M12 4 2.5 20h19zM12 10v4M12 17v.5',
  history: 'M4 12a8 8 0 1 1 2.5 5.8M4 12V7M4 12h5M12 8v4l3 2',
  key: 'M14 10a4 4 0 1 1-4 4c0-.5.1-1 .3-1.5L4 19v2h3v-2h2v-2h2l1.5-1.3',
  lock: 'M6 11h12v9H6zM9 11V7a3 3 0 0 1 6 0v4',
  book: 'M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11',
} as const

export type IconName = keyof typeof paths

/** A decorative icon. Screen readers read the words beside it. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}

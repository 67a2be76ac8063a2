import { effect, signal, type Signal } from '@preact/signals'

const KEY = 'restuary-studio theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const chosen = localStorage.getItem(KEY)

/** Whether the page is dark: as the reader has chosen, else as the system has it. */
export const isDark: Signal<boolean> = signal(chosen ? chosen === 'dark' : system.matches)

system.addEventListener('change', ({ matches }) => {
  if (!localStorage.getItem(KEY)) isDark.value = matches
})

effect(() => {
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light'
})

export function toggleTheme(): void {
  isDark.value = !isDark.value
  localStorage.setItem(KEY, isDark.value ? 'dark' : 'light')
}

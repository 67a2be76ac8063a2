import { h } from 'vue'
import DefaultTheme from 'vitepress/theme'
import type { Theme } from 'vitepress'
import './style.css'

const picture = {
  src: '/kanban.png',
  alt: 'A board in two browsers: Bob sees which card Ann is dragging',
  class: 'picture',
}

const theme: Theme = {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'home-hero-after': () => h('img', picture) }),
}

export default theme

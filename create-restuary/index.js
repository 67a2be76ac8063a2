#!/usr/bin/env node
// `npm create restuary@latest my-todo` is `restuary init my-todo`. Options come after `--`: npm create restuary@latest my-todo -- --react
process.argv.splice(2, 0, 'init')
await import(new URL('dist/cli/main.js', import.meta.resolve('restuary/package.json')).href)

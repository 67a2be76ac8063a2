// Programs of the system that tests start: curl, Python, a browser.
import { spawnSync } from 'node:child_process'

/**
 * Whether the tests that need a program run. They do where it is. In CI they always run and fail without it, so that a missing
 * program is noticed there; elsewhere they are skipped, and a line says what to install.
 */
export function runsWith(program: string, isThere: boolean, packages: string): boolean {
  if (isThere || process.env['CI'] === 'true') return true
  console.warn(`${program} is missing, so its tests are skipped. Install ${packages} to run them.`)
  return false
}

/** Whether programs are in the path. */
export function areInPath(...programs: readonly string[]): boolean {
  return programs.every(program => spawnSync(program, ['--version']).status === 0)
}

/** A Python that has the modules; undefined if there is none. The first in the path may not be the one of the system. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  return [process.env['PYTHON'], 'python3', '/usr/bin/python3'].find(
    one => one !== undefined && spawnSync(one, ['-c', `import ${modules.join(', ')}`]).status === 0,
  )
}

// Writes src/query/folding/fold-table.ts from the Unicode data of the Node that runs it. Run it only to adopt a newer Unicode:
// a changed table changes what filters match and what indexes of a folded column hold.
import { writeFileSync } from 'node:fs'

const pairs: [number, number][] = []
for (let c = 0x80; c <= 0x10_ff_ff; c++) {
  if (c >= 0xd8_00 && c <= 0xdf_ff) continue
  const lower = Array.from(String.fromCodePoint(c).toLowerCase())
  // Only U+0130 has a lower case of two characters. Its simple mapping (UnicodeData.txt, field 13) is U+0069.
  const to = c === 0x01_30 ? 0x69 : lower.length === 1 ? lower[0]!.codePointAt(0)! : c
  if (to !== c) pairs.push([c, to])
}

// Runs of code points that lie `step` apart and move by the same distance.
const runs: { from: number; step: number; count: number; delta: number }[] = []
for (const [c, to] of pairs) {
  const run = runs.at(-1)
  if (run && run.delta === to - c) {
    const gap = c - (run.from + run.step * (run.count - 1))
    if (run.count === 1 && gap <= 2) run.step = gap
    if (gap === run.step) {
      run.count++
      continue
    }
  }
  runs.push({ from: c, step: 1, count: 1, delta: to - c })
}

const text = runs.map(run => [run.from, run.step, run.count, run.delta].map(n => n.toString(36)).join(' '))
const lines = text.join(',').match(/.{1,110}/g) ?? []
writeFileSync(
  new URL('../src/query/folding/fold-table.ts', import.meta.url),
  `// Written by scripts/fold-table.ts from Unicode ${process.versions['unicode']}; do not edit.

/** Lower case above U+007F, one character to one: runs of \`first step count distance\` in base 36. */
export const foldRuns: string =
${lines.map(line => `  '${line}'`).join(' +\n')}
`,
)

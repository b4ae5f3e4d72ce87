import { readdir } from 'node:fs/promises'

/**
 * Runs every benchmark of this folder, or those named on the command line, one after the other.
 * A benchmark exports `bench(): Promise<readonly Figure[]>` and measures its peer in the same run.
 */
export interface Figure {
  readonly what: string
  readonly ours: string
  /** What it is compared with, and its figure. */
  readonly peer: string
  /** ours / peer, or the aim's own ratio; below 1 is better where the figure is a cost. */
  readonly ratio: number
  readonly aim?: string
}

const asked = process.argv.slice(2)
const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.bench.ts')).sort()
const chosen = files.filter((file) => asked.length === 0 || asked.some((name) => file.startsWith(name)))
if (chosen.length === 0) {
  console.error(
    `no benchmark of that name; there are: ${files.map((file) => file.replace('.bench.ts', '')).join(', ')}`,
  )
  process.exit(2)
}
for (const file of chosen) {
  console.log(`\n${file.replace('.bench.ts', '')}`)
  const { bench } = (await import(`./${file}`)) as { bench: () => Promise<readonly Figure[]> }
  for (const { what, ours, peer, ratio, aim } of await bench())
    console.log(
      `  ${what.padEnd(46)} ${ours.padEnd(20)} ${peer.padEnd(40)} ratio ${ratio.toFixed(2)}${aim === undefined ? '' : `  (aim: ${aim})`}`,
    )
}

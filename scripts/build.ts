import { spawnSync } from 'node:child_process'
import { chmod, cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Builds dist/: tsc strips the types, then the files that are not TypeScript (Python, templates) go beside the code that reads them. */
const root = fileURLToPath(new URL('..', import.meta.url))
await rm(`${root}dist`, { recursive: true, force: true })
// The second one writes the types of what the package exports.
for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
  const tsc = spawnSync('tsc', ['-p', project], { cwd: root, stdio: 'inherit' })
  if (tsc.status !== 0) process.exit(tsc.status ?? 1)
}
await cp(`${root}src`, `${root}dist`, {
  recursive: true,
  filter: (source) => !/\.ts$/.test(source) && !/__pycache__/.test(source),
})
await chmod(`${root}dist/cli/main.js`, 0o755)

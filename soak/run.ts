import { type Options, parseOptions, usage } from './options.ts'
import { describeResult } from './print.ts'
import { soak } from './soak.ts'

// npm run soak: 0 where everything adds up, 1 where something differs, 2 where it could not be run.

const readOptions = (): Options | undefined => {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`)
    return undefined
  }
}

const options = readOptions()
if (options === undefined) process.exit(2)
// So that the servers and controllers of an interrupted soak end with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2))
try {
  const result = await soak(options, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${options.json ? JSON.stringify(result) : describeResult(result)}\n`)
  process.exit(result.failures.length === 0 ? 0 : 1)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(2)
}

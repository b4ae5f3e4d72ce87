// Runs a component with the arguments of a JSON file: run-component.mjs ARGUMENTS.json COMPONENT.mjs. They hold the
// executor's input, which may be longer than one argument of a process can be (128 KiB on Linux).
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [node, , argumentsFile, component] = process.argv
process.argv = [node, component, ...JSON.parse(readFileSync(argumentsFile, 'utf8'))]
try {
  await import(pathToFileURL(component).href)
} catch (error) {
  // The last line is what people are told of a failure: Node's own would be its version.
  console.error(error)
  if (error instanceof Error) console.error(`${error.name}: ${error.message}`)
  process.exit(1)
}

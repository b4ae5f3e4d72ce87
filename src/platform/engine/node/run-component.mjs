// Runs a component with the arguments of a JSON file: run-component.mjs ARGUMENTS.json COMPONENT.mjs. They hold the
// executor's input, which may be longer than one argument of a process can be (128 KiB on Linux).
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [node, , argumentsFile, component] = process.argv
process.argv = [node, component, ...JSON.parse(readFileSync(argumentsFile, 'utf8'))]
await import(pathToFileURL(component).href)

#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { changesCommands } from './program/changes.ts'
import { controllerCommands } from './program/controller.ts'
import { decisionCommands } from './program/decisions.ts'
import { pipelineCommands } from './program/pipeline.ts'
import { policyCommands } from './program/policy.ts'
import { runsCommands } from './program/runs.ts'
import { servedCommands } from './program/served.ts'
import { exitCodes, reportFailure } from './report-failure.ts'

// Every command is imported only when it is called: `--help` must not pay for gRPC, PGlite or the database.

// Whoever reads may leave early, as `head` does: nothing of ours went wrong.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  // What was asked goes on, and its exit code says how it ended.
  if (error.code !== 'EPIPE') throw error
})

const program = new Command('winnow')
  .description('GitOps for machine learning: from a push or new data to a judged, delivered model.')
  .version(version, '-v, --version')
  .option('--data <folder>', 'data folder of the controller (default: $WINNOW_DATA or .winnow)')
  .showSuggestionAfterError()
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'winnow: ')) })

// In the order in which the help lists them.
for (const add of [
  controllerCommands,
  pipelineCommands,
  policyCommands,
  changesCommands,
  runsCommands,
  servedCommands,
  decisionCommands,
])
  add(program)

try {
  await program.parseAsync()
} catch (error) {
  // commander has printed its own message; help and version arrive here with exit code 0
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? 0 : exitCodes.usage) : reportFailure(error)
}

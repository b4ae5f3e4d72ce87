import type { Command } from 'commander'
import { json, limit, numberOf } from './options.ts'

/** Runs, what starts them and what holds them up. */
export const runsCommands = (program: Command): void => {
  program
    .command('runs')
    .description('runs of pipelines, newest first')
    .addOption(limit())
    .addOption(json())
    .action(async (_options, command) => (await import('../commands/runs.ts')).runs(command.optsWithGlobals()))

  program
    .command('trigger')
    .description("run a pipeline now, at the protected branch's head unless told otherwise")
    .argument('<pipeline>', 'its name in winnow.yaml')
    .option('--repository <name>', 'where the config names several')
    .option('-p, --parameters <json>', 'parameters as a JSON object, beside those that the pipeline declares')
    .option('--branch <name>', 'the head of this branch, if its pushes start the pipeline')
    .option('--commit <hash>', 'this commit of such a branch')
    .option('--fresh', 'also where an equal run has succeeded')
    .addOption(json())
    .action(async (name, _options, command) =>
      (await import('../commands/trigger.ts')).trigger(name, command.optsWithGlobals()),
    )

  program
    .command('pause')
    .description('let no run of a pipeline, or of a repository, start for a while')
    .argument('[pipeline]', 'its name in winnow.yaml (default: all of the repository)')
    .option('--repository <name>', 'where the config names several')
    .requiredOption('-r, --reason <text>', 'why')
    .option('--for <duration>', 'how long, at most 31d', '24h')
    .addOption(json())
    .action(async (name, _options, command) =>
      (await import('../commands/pause.ts')).pause(name, command.optsWithGlobals()),
    )

  program
    .command('resume')
    .description('end a pause; what waited goes on')
    .argument('[pipeline]', 'its name in winnow.yaml (default: all of the repository)')
    .option('--repository <name>', 'where the config names several')
    .addOption(json())
    .action(async (name, _options, command) =>
      (await import('../commands/pause.ts')).resume(name, command.optsWithGlobals()),
    )

  program
    .command('pauses')
    .description('what is paused, and what was')
    .addOption(limit())
    .addOption(json())
    .action(async (_options, command) => (await import('../commands/pause.ts')).pauses(command.optsWithGlobals()))

  const run = program.command('run').description('one run')
  run
    .command('show')
    .description('tasks, verdict and releases of a run')
    .argument('<id>', 'number of the run', numberOf('runs'))
    .option('-w, --watch', 'follow it until it ends')
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/run-show.ts')).runShow(id, command.optsWithGlobals()),
    )
  run
    .command('cancel')
    .description('cancel a run')
    .argument('<id>', 'number of the run', numberOf('runs'))
    .action(async (id, _options, command) =>
      (await import('../commands/run-cancel.ts')).runCancel(id, command.optsWithGlobals()),
    )

  program
    .command('logs')
    .description('logs of a run, or of one of its tasks')
    .argument('<run>', 'number of the run', numberOf('runs'))
    .argument('[task]', 'name of the task (default: all)')
    .addOption(json())
    .action(async (id, task, _options, command) =>
      (await import('../commands/logs.ts')).logs(id, task, command.optsWithGlobals()),
    )
}

import type { Command } from 'commander'
import { json, numberOf } from './options.ts'

/** Why a run was shipped or not, and what people say to it. */
export const decisionCommands = (program: Command): void => {
  program
    .command('explain')
    .description('why a run was shipped, or not: gate by gate, with numbers')
    .argument('<run>', 'number of the run', numberOf('runs'))
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/explain.ts')).explain(id, command.optsWithGlobals()),
    )

  for (const decision of ['approve', 'reject'] as const)
    program
      .command(decision)
      .description(`${decision === 'approve' ? 'agree to' : 'refuse'} the candidate of a run, exactly as it was judged`)
      .argument('<run>', 'number of the run', numberOf('runs'))
      .option('-r, --reason <text>', 'why')
      .addOption(json())
      .action(async (id, _options, command) =>
        (await import('../commands/speak.ts')).speak(decision, id, command.optsWithGlobals()),
      )

  program
    .command('live')
    .description('what the models on an endpoint did while they served: requests, errors, latency, what labels say')
    .argument('<endpoint>', 'its name in winnow.yaml')
    .option('--since <when>', 'only requests since then: 2026-03-31, 2026-03-31T12:00:00Z, or 2h for so long ago')
    .addOption(json())
    .action(async (endpoint, _options, command) =>
      (await import('../commands/live.ts')).live(endpoint, command.optsWithGlobals()),
    )

  program
    .command('feedback')
    .description('tell what turned out to be true of answers, so that live gates and `winnow live` can measure them')
    .argument('<endpoint>', 'its name in winnow.yaml')
    .argument('<file>', 'JSON lines {"request": "ID", "labels": [LABEL, …]}, or - for standard input')
    .addOption(json())
    .action(async (endpoint, file, _options, command) =>
      (await import('../commands/feedback.ts')).feedback(endpoint, file, command.optsWithGlobals()),
    )

  program
    .command('override')
    .description('release a candidate whatever its verdict says; written down with your name')
    .argument('<run>', 'number of the run', numberOf('runs'))
    .requiredOption('-e, --environment <name>', 'where to')
    .requiredOption('-r, --reason <text>', 'why')
    .option('--expires <duration>', 'a release that has not begun by then does not begin', '24h')
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/override.ts')).override(id, command.optsWithGlobals()),
    )

  program
    .command('hold')
    .description('let no release into an environment begin, nor one under way take its next step')
    .argument('<environment>', 'its name in winnow.yaml')
    .option('--repository <name>', 'where the config names several')
    .option('-r, --reason <text>', 'why')
    .option('--for <duration>', 'how long (default: until it is released)')
    .addOption(json())
    .action(async (environment, _options, command) =>
      (await import('../commands/hold.ts')).hold(environment, command.optsWithGlobals()),
    )

  program
    .command('release')
    .description('lift the hold of an environment, or agree to the release that waits there')
    .argument('<environment>', 'its name in winnow.yaml')
    .option('--repository <name>', 'where the config names several')
    .addOption(json())
    .action(async (environment, _options, command) =>
      (await import('../commands/hold.ts')).release(environment, command.optsWithGlobals()),
    )
}

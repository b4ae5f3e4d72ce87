import type { Command } from 'commander'
import { json, limit } from './options.ts'

/** What is registered and what serves. */
export const servedCommands = (program: Command): void => {
  program
    .command('models')
    .description('models and versions in the registries')
    .addOption(json())
    .action(async (_options, command) => (await import('../commands/models.ts')).models(command.optsWithGlobals()))

  program
    .command('sources')
    .description('sources of data: how they are asked for what is new, and what they said that nobody could use')
    .argument('[name]', 'one source, with the messages that were refused')
    .addOption(limit())
    .addOption(json())
    .action(async (name, _options, command) =>
      (await import('../commands/sources.ts')).sources(name, command.optsWithGlobals()),
    )

  program
    .command('endpoints')
    .description('endpoints, what they serve, and the traffic')
    .addOption(json())
    .action(async (_options, command) =>
      (await import('../commands/endpoints.ts')).endpoints(command.optsWithGlobals()),
    )

  program
    .command('predict')
    .description('ask an endpoint for predictions')
    .argument('<endpoint>', 'name of the endpoint')
    .argument('<instances>', 'a JSON array of instances, a JSON object for one, @FILE, or - for standard input')
    .addOption(json())
    .action(async (endpoint, instances, _options, command) =>
      (await import('../commands/predict.ts')).predict(endpoint, instances, command.optsWithGlobals()),
    )
}

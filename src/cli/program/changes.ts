import { type Command, Option } from 'commander'
import { changeKinds, changeStates, sumsBy } from '../../domain/ledger.ts'
import { json, limit, numberOf } from './options.ts'

/** What came in, and what became of it. */
export const changesCommands = (program: Command): void => {
  const changes = program
    .command('changes')
    .description('what happened, and how each ended')
    .addHelpText('after', '\n`winnow changes` alone lists them; `winnow changes list --help` has the filters.')
  changes
    .command('list', { isDefault: true })
    .description('changes, newest first, and their sums')
    .argument('[id]', 'one change with all that came of it', numberOf('changes'))
    .option('--repository <name>', 'only those of this repository')
    .addOption(new Option('--state <state>', 'only those in this state').choices(changeStates))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices(changeKinds))
    .option('--sender <name>', 'only those that this sender told of')
    .option('--pipeline <name>', 'only those that came to this pipeline')
    .option('--author <name>', 'only those that this author caused')
    .option('--search <text>', 'only those that mention it: a commit, an address, a word of the reason')
    .option('--since <when>', 'received then or later: 2026-03-31, 2026-03-31T12:00:00Z, or 7d for so long ago')
    .option('--until <when>', 'received before then')
    .option('--archived', 'those in archives instead')
    .option('--sum', 'only the sums')
    .addOption(new Option('--by <what>', 'what sums count').choices(sumsBy).default('state'))
    .option('--cursor <n>', 'the next page, as the one before says', numberOf('changes'))
    .addOption(limit())
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/changes.ts')).changes(id, command.optsWithGlobals()),
    )
  changes
    .command('show')
    .description('the way of one change: batch, build, run, verdict, releases, and what led to it')
    .argument('[id]', 'number of the change', numberOf('changes'))
    .option('--run <run>', 'the change that this run came of', numberOf('runs'))
    .option('--release <release>', 'the change that this release came of', numberOf('changes show'))
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/changes-show.ts')).changesShow(id, command.optsWithGlobals()),
    )
  changes
    .command('replay')
    .description('have a change that has ended matched again, as a change of its own; written down with your name')
    .argument('<id>', 'number of the change', numberOf('changes'))
    .requiredOption('-r, --reason <text>', 'why')
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/changes-replay.ts')).changesReplay(id, command.optsWithGlobals()),
    )
  changes
    .command('report')
    .description('what was acknowledged against what became of it; exits 1 where the sides differ')
    .option('--since <when>', 'changes received on that day or later')
    .addOption(json())
    .action(async (_options, command) =>
      (await import('../commands/changes-report.ts')).changesReport(command.optsWithGlobals()),
    )

  program
    .command('batches')
    .description('data that gathers, what it waits for, and what became of it')
    .argument('[id]', 'one batch with its objects and history', numberOf('batches'))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['open', 'closed', 'empty']))
    .option('--repository <name>', 'only those of this repository')
    .addOption(limit())
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('../commands/batches.ts')).batches(id, command.optsWithGlobals()),
    )
}

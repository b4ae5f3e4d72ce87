import { type Command, Option } from 'commander'
import { declarations, json } from './options.ts'

/** Controllers, and what prepares a repository for one. */
export const controllerCommands = (program: Command): void => {
  program
    .command('serve')
    .description('run the controller, with the embedded platform where the config asks for it')
    .option('-c, --config <file>', 'config file (default: $WINNOW_CONFIG or winnow.config.yaml)')
    .addOption(new Option('--role <role>', 'what this process does').choices(['web', 'worker', 'all']))
    .action(async (options, command) =>
      (await import('../commands/serve.ts')).serve({ ...command.optsWithGlobals(), ...options }),
    )

  program
    .command('dev')
    .description('serve the repository of this folder with everything embedded; prints the remote to push to')
    .argument('[repository]', 'folder with winnow.yaml', '.')
    .option('-p, --port <port>', 'port of the controller', '8085')
    .addOption(declarations())
    .action(async (repository, _options, command) =>
      (await import('../commands/dev.ts')).dev(repository, command.optsWithGlobals()),
    )

  program
    .command('demo')
    .description('the bean classifier, from the first push to a refused model and new data')
    .option('--keep', 'leave everything running at the end')
    .action(async (options) => (await import('../commands/demo.ts')).demo(options))

  program
    .command('lint')
    .description('check winnow.yaml and the policies that it names')
    .argument('[folder]', 'the repository', '.')
    .addOption(declarations())
    .addOption(json())
    .action(async (folder, options) => (await import('../commands/lint.ts')).lint(folder, options))

  const hook = program.command('hook').description('the post-receive hook of a plain git server')
  hook
    .command('install')
    .description('install the hook that signs each push and posts it to the controller')
    .argument('<repository>', 'the git repository that receives pushes')
    .requiredOption('--name <name>', "the repository's name in the controller's config")
    .option('--url <url>', 'where the controller listens', 'http://127.0.0.1:8085')
    .requiredOption('--secret-file <file>', 'file with the shared secret')
    .action(async (repository, options) =>
      (await import('../commands/hook-install.ts')).hookInstall(repository, options),
    )
}

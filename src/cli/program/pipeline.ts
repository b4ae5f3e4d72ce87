import { type Command, Option } from 'commander'
import { collect, json } from './options.ts'

/** Pipelines without a server. */
export const pipelineCommands = (program: Command): void => {
  const pipeline = program.command('pipeline').description('work with a pipeline without a server')
  pipeline
    .command('compile')
    .description('compile a pipeline to KFP IR')
    .argument('<file>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
    .option('-o, --output <file>', 'where the IR goes (default: standard output)')
    .option('-f, --function <name>', 'the pipeline function, where the file has several')
    .option('-r, --requirements <file>', 'requirements of the pipeline (default: requirements.txt beside it)')
    .action(async (file, _options, command) =>
      (await import('../commands/pipeline-compile.ts')).pipelineCompile(file, command.optsWithGlobals()),
    )
  pipeline
    .command('run')
    .description('run a pipeline on an embedded platform; exits 0 only when it succeeded')
    .argument('<file>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
    .option('-f, --function <name>', 'the pipeline function, where the file has several')
    .option('-r, --requirements <file>', 'requirements of the pipeline (default: requirements.txt beside it)')
    .option('-p, --parameters <json>', 'runtime parameters as a JSON object')
    .option('-m, --map <ADDRESS=FILE>', 'read gs:// or bq:// ADDRESS from FILE; may be repeated', collect)
    .addOption(
      new Option('--containers <how>', 'plain containers: by docker or podman (auto), on the host, or refused').choices(
        ['auto', 'docker', 'podman', 'host', 'refuse'],
      ),
    )
    .addOption(new Option('--sandbox <how>', 'tasks in bubblewrap (default: auto)').choices(['auto', 'require', 'off']))
    .addOption(new Option('--network <how>', 'what tasks may reach (default: allow)').choices(['allow', 'none']))
    .option('--no-cache', 'run every task, whatever the cache has')
    .addOption(json())
    .action(async (file, _options, command) =>
      (await import('../commands/pipeline-run.ts')).pipelineRun(file, command.optsWithGlobals()),
    )

  pipeline
    .command('show')
    .description('draw a pipeline: its tasks, what flows between them, conditions and loops')
    .argument('<file>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
    .option('-f, --function <name>', 'the pipeline function, where the file has several')
    .option('-r, --requirements <file>', 'requirements of the pipeline (default: requirements.txt beside it)')
    .addOption(new Option('--format <format>', 'how').choices(['tree', 'mermaid', 'json']).default('tree'))
    .action(async (file, _options, command) =>
      (await import('../commands/pipeline-show.ts')).pipelineShow(file, command.optsWithGlobals()),
    )
  pipeline
    .command('diff')
    .description('what changed from one pipeline to another; exits 0 where nothing did, 1 where something did')
    .argument('<before>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
    .argument('<after>', 'the same')
    .option('-f, --function <name>', 'the pipeline function, where the files have several')
    .option('-r, --requirements <file>', 'requirements of the pipelines (default: requirements.txt beside each)')
    .addOption(json())
    .action(async (before, after, _options, command) =>
      (await import('../commands/pipeline-diff.ts')).pipelineDiff(before, after, command.optsWithGlobals()),
    )
}

#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { changeKinds, changeStates, sumsBy } from '../domain/ledger.ts'
import { version } from '../version.ts'
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

const json = () => new Option('--json', 'print JSON for programs')
/** Rows are named by the number that the lists show. */
const numberOf =
  (list: string) =>
  (value: string): string => {
    if (/^[1-9]\d{0,14}$/.test(value)) return value
    throw new InvalidArgumentError(`It is no number; \`winnow ${list}\` lists those there are.`)
  }
const limit = () =>
  new Option('-n, --limit <n>', 'how many, up to 1000').default('20').argParser((value) => {
    if (/^[1-9]\d{0,3}$/.test(value) && Number(value) <= 1_000) return value
    throw new InvalidArgumentError('It is no whole number from 1 to 1000.')
  })
const percent = (value: string): number => {
  if (/^\d{1,3}(\.\d+)?$/.test(value) && Number(value) <= 100) return Number(value)
  throw new InvalidArgumentError('It is no percentage from 0 to 100.')
}
const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

/** As the config's `declarations`. */
const declarations = (): Option =>
  new Option('--declarations <pattern>', 'which winnow.yaml count, such as ml/*/winnow.yaml; repeatable').argParser(
    collect,
  )

program
  .command('serve')
  .description('run the controller, with the embedded platform where the config asks for it')
  .option('-c, --config <file>', 'config file (default: $WINNOW_CONFIG or winnow.config.yaml)')
  .addOption(new Option('--role <role>', 'what this process does').choices(['web', 'worker', 'all']))
  .action(async (options, command) =>
    (await import('./commands/serve.ts')).serve({ ...command.optsWithGlobals(), ...options }),
  )

program
  .command('dev')
  .description('serve the repository of this folder with everything embedded; prints the remote to push to')
  .argument('[repository]', 'folder with winnow.yaml', '.')
  .option('-p, --port <port>', 'port of the controller', '8085')
  .addOption(declarations())
  .action(async (repository, _options, command) =>
    (await import('./commands/dev.ts')).dev(repository, command.optsWithGlobals()),
  )

program
  .command('demo')
  .description('the bean classifier, from the first push to a refused model and new data')
  .option('--keep', 'leave everything running at the end')
  .action(async (options) => (await import('./commands/demo.ts')).demo(options))

program
  .command('lint')
  .description('check winnow.yaml and the policies that it names')
  .argument('[folder]', 'the repository', '.')
  .addOption(declarations())
  .addOption(json())
  .action(async (folder, options) => (await import('./commands/lint.ts')).lint(folder, options))

const hook = program.command('hook').description('the post-receive hook of a plain git server')
hook
  .command('install')
  .description('install the hook that signs each push and posts it to the controller')
  .argument('<repository>', 'the git repository that receives pushes')
  .requiredOption('--name <name>', "the repository's name in the controller's config")
  .option('--url <url>', 'where the controller listens', 'http://127.0.0.1:8085')
  .requiredOption('--secret-file <file>', 'file with the shared secret')
  .action(async (repository, options) => (await import('./commands/hook-install.ts')).hookInstall(repository, options))

const pipeline = program.command('pipeline').description('work with a pipeline without a server')
pipeline
  .command('compile')
  .description('compile a pipeline to KFP IR')
  .argument('<file>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
  .option('-o, --output <file>', 'where the IR goes (default: standard output)')
  .option('-f, --function <name>', 'the pipeline function, where the file has several')
  .option('-r, --requirements <file>', 'requirements of the pipeline (default: requirements.txt beside it)')
  .action(async (file, _options, command) =>
    (await import('./commands/pipeline-compile.ts')).pipelineCompile(file, command.optsWithGlobals()),
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
    new Option('--containers <how>', 'plain containers: by docker or podman (auto), on the host, or refused').choices([
      'auto',
      'docker',
      'podman',
      'host',
      'refuse',
    ]),
  )
  .addOption(new Option('--sandbox <how>', 'tasks in bubblewrap (default: auto)').choices(['auto', 'require', 'off']))
  .addOption(new Option('--network <how>', 'what tasks may reach (default: allow)').choices(['allow', 'none']))
  .option('--no-cache', 'run every task, whatever the cache has')
  .addOption(json())
  .action(async (file, _options, command) =>
    (await import('./commands/pipeline-run.ts')).pipelineRun(file, command.optsWithGlobals()),
  )

pipeline
  .command('show')
  .description('draw a pipeline: its tasks, what flows between them, conditions and loops')
  .argument('<file>', 'pipeline in Python (kfp, TFX) or TypeScript, or compiled YAML or JSON')
  .option('-f, --function <name>', 'the pipeline function, where the file has several')
  .option('-r, --requirements <file>', 'requirements of the pipeline (default: requirements.txt beside it)')
  .addOption(new Option('--format <format>', 'how').choices(['tree', 'mermaid', 'json']).default('tree'))
  .action(async (file, _options, command) =>
    (await import('./commands/pipeline-show.ts')).pipelineShow(file, command.optsWithGlobals()),
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
    (await import('./commands/pipeline-diff.ts')).pipelineDiff(before, after, command.optsWithGlobals()),
  )

const policy = program
  .command('policy')
  .description('work with a policy, without a server where its evidence is at hand')
policy
  .command('check')
  .description(
    'judge a table of predictions by a policy; exits 0 pass, 1 fail, 3 inconclusive, 2 it could not be judged',
  )
  .argument('<policy>', 'policy file')
  .option('--predictions <file>', "the model's answers: CSV, JSONL or Parquet")
  .option('--label <column>', 'the column of the truth (default: label, target or truth)')
  .option('--champion <file>', "the live model's answers to the same examples")
  .option('--metrics <file>', 'JSON with stated metrics: {"latency.p99": 12}')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/policy-check.ts')).policyCheck(file, options))
policy
  .command('test')
  .description('run the cases that a policy is tested by')
  .argument('[files...]', 'files of cases (default: policies/*.test.yaml)')
  .option('--coverage <percent>', 'fail where less of what gates can come to is expected by a case', percent)
  .option('--junit <file>', 'write the results as JUnit XML too')
  .addOption(json())
  .action(async (files, options) => (await import('./commands/policy-test.ts')).policyTest(files, options))
policy
  .command('schema')
  .description('print the JSON Schema that an editor checks a policy by')
  .addOption(new Option('--of <file>', 'of which file').choices(['policy', 'gates', 'cases']).default('policy'))
  .action(async (options) => (await import('./commands/policy-schema.ts')).policySchema(options.of))
policy
  .command('prove')
  .description('which bad models a policy would ship: saboteurs made from a table of predictions go through it')
  .argument('<policy>', 'policy file')
  .requiredOption('--predictions <file>', "the honest model's answers: CSV, JSONL or Parquet")
  .option('--label <column>', 'the column of the truth (default: label, target or truth)')
  .option('--champion <file>', "the live model's answers to the same examples")
  .option('--earlier <file>', 'answers of a model of before, which is known to be worse')
  .option('--metrics <file>', 'JSON with stated metrics: {"latency.p99": 12}')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/policy-prove.ts')).policyProve(file, options))

policy
  .command('reproduce')
  .description('judge again what a verdict was made of: the same bit for bit, or what differs')
  .argument(
    '<verdict>',
    'number of the verdict (`winnow explain RUN` says it), or a file of `winnow explain RUN --json`',
  )
  .option('--evidence <folder>', 'where the evidence of a file is kept (default: verdict-evidence beside it)')
  .addOption(json())
  .action(async (verdict, _options, command) =>
    (await import('./commands/policy-reproduce.ts')).policyReproduce(verdict, command.optsWithGlobals()),
  )
policy
  .command('backtest')
  .description('what a changed policy would have said of past verdicts')
  .argument('<policy>', 'policy file')
  .option('--model <name>', "verdicts on this model (default: the policy's)")
  .option('--since <date>', 'only verdicts since then, such as 2026-03-31')
  .option('--receipts <path>', 'a file or folder of `winnow explain RUN --json` instead of a controller')
  .option('--evidence <folder>', 'where the evidence of --receipts is kept (default: verdict-evidence beside them)')
  .addOption(json())
  .action(async (file, _options, command) =>
    (await import('./commands/policy-backtest.ts')).policyBacktest(file, command.optsWithGlobals()),
  )

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
    (await import('./commands/changes.ts')).changes(id, command.optsWithGlobals()),
  )
changes
  .command('show')
  .description('the way of one change: batch, build, run, verdict, releases, and what led to it')
  .argument('[id]', 'number of the change', numberOf('changes'))
  .option('--run <run>', 'the change that this run came of', numberOf('runs'))
  .option('--release <release>', 'the change that this release came of', numberOf('changes show'))
  .addOption(json())
  .action(async (id, _options, command) =>
    (await import('./commands/changes-show.ts')).changesShow(id, command.optsWithGlobals()),
  )
changes
  .command('replay')
  .description('have a change that has ended matched again, as a change of its own; written down with your name')
  .argument('<id>', 'number of the change', numberOf('changes'))
  .requiredOption('-r, --reason <text>', 'why')
  .addOption(json())
  .action(async (id, _options, command) =>
    (await import('./commands/changes-replay.ts')).changesReplay(id, command.optsWithGlobals()),
  )
changes
  .command('report')
  .description('what was acknowledged against what became of it; exits 1 where the sides differ')
  .option('--since <when>', 'changes received on that day or later')
  .addOption(json())
  .action(async (_options, command) =>
    (await import('./commands/changes-report.ts')).changesReport(command.optsWithGlobals()),
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
    (await import('./commands/batches.ts')).batches(id, command.optsWithGlobals()),
  )

program
  .command('runs')
  .description('runs of pipelines, newest first')
  .addOption(limit())
  .addOption(json())
  .action(async (_options, command) => (await import('./commands/runs.ts')).runs(command.optsWithGlobals()))

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
    (await import('./commands/trigger.ts')).trigger(name, command.optsWithGlobals()),
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
    (await import('./commands/pause.ts')).pause(name, command.optsWithGlobals()),
  )

program
  .command('resume')
  .description('end a pause; what waited goes on')
  .argument('[pipeline]', 'its name in winnow.yaml (default: all of the repository)')
  .option('--repository <name>', 'where the config names several')
  .addOption(json())
  .action(async (name, _options, command) =>
    (await import('./commands/pause.ts')).resume(name, command.optsWithGlobals()),
  )

program
  .command('pauses')
  .description('what is paused, and what was')
  .addOption(limit())
  .addOption(json())
  .action(async (_options, command) => (await import('./commands/pause.ts')).pauses(command.optsWithGlobals()))

const run = program.command('run').description('one run')
run
  .command('show')
  .description('tasks, verdict and releases of a run')
  .argument('<id>', 'number of the run', numberOf('runs'))
  .option('-w, --watch', 'follow it until it ends')
  .addOption(json())
  .action(async (id, _options, command) =>
    (await import('./commands/run-show.ts')).runShow(id, command.optsWithGlobals()),
  )
run
  .command('cancel')
  .description('cancel a run')
  .argument('<id>', 'number of the run', numberOf('runs'))
  .action(async (id, _options, command) =>
    (await import('./commands/run-cancel.ts')).runCancel(id, command.optsWithGlobals()),
  )

program
  .command('logs')
  .description('logs of a run, or of one of its tasks')
  .argument('<run>', 'number of the run', numberOf('runs'))
  .argument('[task]', 'name of the task (default: all)')
  .addOption(json())
  .action(async (id, task, _options, command) =>
    (await import('./commands/logs.ts')).logs(id, task, command.optsWithGlobals()),
  )

program
  .command('models')
  .description('models and versions in the registries')
  .addOption(json())
  .action(async (_options, command) => (await import('./commands/models.ts')).models(command.optsWithGlobals()))

program
  .command('sources')
  .description('sources of data: how they are asked for what is new, and what they said that nobody could use')
  .argument('[name]', 'one source, with the messages that were refused')
  .addOption(limit())
  .addOption(json())
  .action(async (name, _options, command) =>
    (await import('./commands/sources.ts')).sources(name, command.optsWithGlobals()),
  )

program
  .command('endpoints')
  .description('endpoints, what they serve, and the traffic')
  .addOption(json())
  .action(async (_options, command) => (await import('./commands/endpoints.ts')).endpoints(command.optsWithGlobals()))

program
  .command('predict')
  .description('ask an endpoint for predictions')
  .argument('<endpoint>', 'name of the endpoint')
  .argument('<instances>', 'a JSON array of instances, a JSON object for one, @FILE, or - for standard input')
  .addOption(json())
  .action(async (endpoint, instances, _options, command) =>
    (await import('./commands/predict.ts')).predict(endpoint, instances, command.optsWithGlobals()),
  )

program
  .command('explain')
  .description('why a run was shipped, or not: gate by gate, with numbers')
  .argument('<run>', 'number of the run', numberOf('runs'))
  .addOption(json())
  .action(async (id, _options, command) =>
    (await import('./commands/explain.ts')).explain(id, command.optsWithGlobals()),
  )

for (const decision of ['approve', 'reject'] as const)
  program
    .command(decision)
    .description(`${decision === 'approve' ? 'agree to' : 'refuse'} the candidate of a run, exactly as it was judged`)
    .argument('<run>', 'number of the run', numberOf('runs'))
    .option('-r, --reason <text>', 'why')
    .addOption(json())
    .action(async (id, _options, command) =>
      (await import('./commands/speak.ts')).speak(decision, id, command.optsWithGlobals()),
    )

program
  .command('live')
  .description('what the models on an endpoint did while they served: requests, errors, latency, what labels say')
  .argument('<endpoint>', 'its name in winnow.yaml')
  .option('--since <when>', 'only requests since then: 2026-03-31, 2026-03-31T12:00:00Z, or 2h for so long ago')
  .addOption(json())
  .action(async (endpoint, _options, command) =>
    (await import('./commands/live.ts')).live(endpoint, command.optsWithGlobals()),
  )

program
  .command('feedback')
  .description('tell what turned out to be true of answers, so that live gates and `winnow live` can measure them')
  .argument('<endpoint>', 'its name in winnow.yaml')
  .argument('<file>', 'JSON lines {"request": "ID", "labels": [LABEL, …]}, or - for standard input')
  .addOption(json())
  .action(async (endpoint, file, _options, command) =>
    (await import('./commands/feedback.ts')).feedback(endpoint, file, command.optsWithGlobals()),
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
    (await import('./commands/override.ts')).override(id, command.optsWithGlobals()),
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
    (await import('./commands/hold.ts')).hold(environment, command.optsWithGlobals()),
  )

program
  .command('release')
  .description('lift the hold of an environment, or agree to the release that waits there')
  .argument('<environment>', 'its name in winnow.yaml')
  .option('--repository <name>', 'where the config names several')
  .addOption(json())
  .action(async (environment, _options, command) =>
    (await import('./commands/hold.ts')).release(environment, command.optsWithGlobals()),
  )

try {
  await program.parseAsync()
} catch (error) {
  // commander has printed its own message; help and version arrive here with exit code 0
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? 0 : exitCodes.usage) : reportFailure(error)
}

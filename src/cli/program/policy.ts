import { type Command, Option } from 'commander'
import { json, percent } from './options.ts'

/** Policies, by evidence at hand or by the verdicts of a controller. */
export const policyCommands = (program: Command): void => {
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
    .action(async (file, options) => (await import('../commands/policy-check.ts')).policyCheck(file, options))
  policy
    .command('test')
    .description('run the cases that a policy is tested by')
    .argument('[files...]', 'files of cases (default: policies/*.test.yaml)')
    .option('--coverage <percent>', 'fail where less of what gates can come to is expected by a case', percent)
    .option('--junit <file>', 'write the results as JUnit XML too')
    .addOption(json())
    .action(async (files, options) => (await import('../commands/policy-test.ts')).policyTest(files, options))
  policy
    .command('schema')
    .description('print the JSON Schema that an editor checks a policy by')
    .addOption(new Option('--of <file>', 'of which file').choices(['policy', 'gates', 'cases']).default('policy'))
    .action(async (options) => (await import('../commands/policy-schema.ts')).policySchema(options.of))
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
    .action(async (file, options) => (await import('../commands/policy-prove.ts')).policyProve(file, options))

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
      (await import('../commands/policy-reproduce.ts')).policyReproduce(verdict, command.optsWithGlobals()),
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
      (await import('../commands/policy-backtest.ts')).policyBacktest(file, command.optsWithGlobals()),
    )
}

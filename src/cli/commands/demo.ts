import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import { formatDuration } from '../../domain/time.ts'
import { explainGates } from '../../policies/verdicts/explain.ts'
import { type Client, connect } from '../client.ts'
import { startController } from '../controller-process.ts'
import { changeAfter, followRuns, newestChange, runOfBatch } from '../demo/follow.ts'
import { type Asked, askForPredictions, servedBy } from '../demo/predictions.ts'
import { layStage, type Stage } from '../demo/stage.ts'
import { git } from '../local-remote.ts'
import { paint, paintState } from '../style.ts'
import { print } from '../table.ts'
import type { ShownRun } from './run-show.ts'

const seconds = (from: number): string => formatDuration(Date.now() - from)

/** `winnow demo [--keep]`: the first turn of a model's life, with the real controller, platform, git and KFP SDK. */
export const demo = async (options: { readonly keep?: boolean }): Promise<void> => {
  const began = Date.now()
  const folder = resolve(process.env['WINNOW_DATA'] ?? join('.winnow', 'demo'))
  if (!existsSync(join(folder, 'controller', 'python')))
    print(
      'The first time, Python environments are made (kfp, scikit-learn): a minute or two. After that they are cached.',
    )
  const stage = await layStage(folder)
  const logFile = join(folder, 'controller.log')
  const controller = await startController({ configFile: stage.configFile, url: stage.url, logFile })
  let kept = false
  try {
    const client = await connect({ data: stage.data })
    const told = await tell(stage, client)
    report(told, stage, began)
    if (options.keep) {
      kept = true
      controller.release()
      print(`\nIt goes on running: ${stage.url}, process ${controller.pid}. Stop it with: kill ${controller.pid}`)
    }
  } catch (error) {
    print(`\nThe controller's log is ${logFile}`)
    throw error
  } finally {
    if (!kept) await controller.stop()
  }
  if (!kept) process.exit(process.exitCode ?? 0)
}

interface Told {
  readonly shipped: ShownRun
  readonly lesson: ShownRun
  readonly refused: ShownRun
  readonly retrained: ShownRun | undefined
  readonly fresh: ShownRun
  readonly files: number
  readonly first: readonly Asked[]
  readonly last: readonly Asked[]
}

const tell = async (stage: Stage, client: Client): Promise<Told> => {
  chapter('a', 'A push: compiled, trained, evaluated, judged, registered, deployed')
  const [shipped, lesson] = await pushBoth(stage, client)
  await explain(shipped)
  expectOutcome(shipped, 'pass')
  const first = await askForPredictions(client, stage)
  showPredictions(first)
  const champion = await servedBy(client, 'beans')

  chapter('b', 'Bad code: a change that ruins one class while auRoc stays high')
  await git(stage.work, 'apply', join(stage.work, 'demo', 'second-opinion.patch'))
  const [refused] = await push(stage, client, "Take over the second inspector's labels")
  await explain(refused as ShownRun)
  expectOutcome(refused as ShownRun, 'fail')
  const retrained = await followRetrain(client, refused as ShownRun)
  if ((await servedBy(client, 'beans')) !== champion)
    throw new Fault('deploy_failed', 'The endpoint does not serve the champion any more')
  print(`  The champion keeps serving: ${champion}`)

  chapter('', 'The change is taken back: the same build, parameters and data as before')
  await git(stage.work, 'revert', '--no-edit', 'HEAD')
  const [again] = await pushCommitted(stage, client)
  print(`  run ${again?.run.id}: ${paintState(again?.run.state ?? '')}  ${again?.run.reason}`)

  chapter('c', 'New data: three files are dropped into the folder')
  const files = 3
  const fresh = await dropFiles(stage, client, files)
  await explain(fresh)
  const last = await askForPredictions(client, stage)
  showPredictions(last)
  return { shipped, lesson, refused: refused as ShownRun, retrained, fresh, files, first, last }
}

const pushBoth = async (stage: Stage, client: Client): Promise<readonly [ShownRun, ShownRun]> => {
  const runs = await push(stage, client, 'Tell beans apart')
  const named = (name: string): ShownRun => {
    const found = runs.find(({ run }) => run.pipeline === name)
    if (found === undefined) throw new Fault('not_found', `The push started no run of ${name}`)
    if (found.run.state !== 'succeeded')
      throw new Fault('task_failed', `Run ${found.run.id} of ${name} ${found.run.state}: ${found.run.reason}`, {
        details: found.run.details,
      })
    return found
  }
  return [named('beans'), named('lesson')]
}

const push = async (stage: Stage, client: Client, message: string): Promise<readonly ShownRun[]> => {
  await git(stage.work, 'add', '--all')
  await git(stage.work, 'commit', '--quiet', '--message', message)
  return pushCommitted(stage, client)
}

const pushCommitted = async (stage: Stage, client: Client): Promise<readonly ShownRun[]> => {
  const before = await newestChange(client)
  print(indent(await git(stage.work, 'push', '--quiet', 'origin', 'HEAD:main')))
  const { change, runs } = await changeAfter(client, before, 'push')
  print(`  change ${change.id}: ${paintState(change.state)}  ${change.reason}`)
  for (const fault of change.faults) print(`    ${fault}`)
  if (runs.length === 0) throw new Fault('not_found', `Change ${change.id} started no run: ${change.reason}`)
  return followRuns(client, runs)
}

const followRetrain = async (client: Client, refused: ShownRun): Promise<ShownRun | undefined> => {
  const { changes } = await client.get<{ changes: readonly { id: number; kind: string }[] }>('/changes?limit=20')
  const retrain = changes.find((change) => change.kind === 'retrain' && change.id > refused.run.change)
  if (retrain === undefined) return undefined
  const { change, runs } = await changeAfter(client, retrain.id - 1, 'retrain')
  print(`  change ${change.id}: retrain, as the policy asks  ${paintState(change.state)}  ${change.reason}`)
  return (await followRuns(client, runs))[0]
}

/**
 * Each file is written under another name and then renamed, as a careful sender does. All are written before the first
 * is renamed: on a slow machine, making one may take longer than the quiet time that ends a batch.
 */
const dropFiles = async (stage: Stage, client: Client, files: number): Promise<ShownRun> => {
  const before = await newestChange(client)
  const names = Array.from({ length: files }, (_, i) => join(stage.incoming, `harvest-${i + 1}.csv`))
  for (const [i, name] of names.entries()) await stage.makeBeans(200, 101 + i, `${name}.part`)
  for (const name of names) await rename(`${name}.part`, name)
  const { change } = await changeAfter(client, before, 'data')
  if (change.batch === null) throw new Fault('not_found', `Change ${change.id} joined no batch: ${change.reason}`)
  print(`  change ${change.id}: ${paintState(change.state)}  ${change.reason}`)
  const run = await runOfBatch(client, change.batch)
  const [shown] = await followRuns(client, [run])
  if (shown === undefined || shown.run.manifest.length !== files)
    throw new Fault('not_found', `Run ${run} read ${shown?.run.manifest.length} files, ${files} were dropped`)
  return shown
}

const chapter = (letter: string, title: string): void =>
  print(`\n${paint('bold', `${letter === '' ? '' : `(${letter}) `}${title}`)}`)
const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')

const explain = async ({ verdict, run, releases }: ShownRun): Promise<void> => {
  if (verdict?.receipt == null)
    throw new Fault('not_found', `Run ${run.id} ${run.state} without a verdict: ${run.reason}`, {
      details: run.details,
    })
  for (const line of explainGates(verdict.receipt)) print(`  ${line}`)
  for (const release of releases) print(`  ${release.environment}: ${paintState(release.state)}  ${release.reason}`)
}

const expectOutcome = ({ run, verdict }: ShownRun, outcome: 'pass' | 'fail'): void => {
  if (verdict?.state !== outcome)
    throw new Fault('task_failed', `Run ${run.id} was to ${outcome}, its verdict is ${verdict?.state}`)
}

const showPredictions = (asked: readonly Asked[]): void => {
  for (const { truth, said, score } of asked)
    print(`  predict: a ${truth} bean → ${said} ${score.toFixed(3)}${said === truth ? '' : '  (wrong)'}`)
}

const report = (told: Told, stage: Stage, began: number): void => {
  const { shipped, lesson, refused, retrained, fresh, files } = told
  print(`\n${paint('bold', 'What happened')}`)
  print(`  run ${lesson.run.id}  the lesson's pipeline trained, evaluated and deployed by itself`)
  print(`  run ${shipped.run.id}  ${paintState('pass')}  judged by policies/beans.yaml and delivered to dev`)
  print(`  run ${refused.run.id}  ${paintState('fail')}  ${refused.verdict?.receipt?.reason ?? ''}`)
  if (retrained !== undefined)
    print(
      `  run ${retrained.run.id}  ${paintState(retrained.verdict?.state ?? retrained.run.state)}  the retrain of it`,
    )
  print(`  run ${fresh.run.id}  ${paintState(fresh.verdict?.state ?? fresh.run.state)}  one run for ${files} new files`)
  print(`\n${paint('bold', 'Where to look')}`)
  const data = `--data ${stage.data}`
  print(
    `  npm run winnow -- ${data} changes | runs | run show ${refused.run.id} | explain ${refused.run.id} | models | endpoints`,
  )
  print(`  the repository: ${stage.work}   the controller's log: ${join(stage.folder, 'controller.log')}`)
  print(`\nDone in ${seconds(began)}.`)
}

import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import type { PythonEnvironment } from '../../../processes/python-environments.ts'
import { type ProcessResult, runProcess } from '../../../processes/run-process.ts'
import { attemptEnvironment } from '../attempt-environment.ts'
import type { Sandbox } from '../sandbox.ts'
import { type Attempt, inputPaths, outputsOf, processRequest, type TaskProcess } from '../task-attempt.ts'
import { componentLauncher } from '../task-environment.ts'
import { warmModules } from '../warm/warm-modules.ts'
import type { WarmPool } from '../warm/warm-pool.ts'
import { runWarm } from '../warm/warm-task.ts'
import type { LightweightPython } from './lightweight-python.ts'
import { withLocalUris } from './local-uris.ts'
import type { Work, WorkOptions } from './work.ts'

interface Prepared {
  readonly component: LightweightPython
  readonly environment: PythonEnvironment
  /** Of the component's process, with a log and limits but no program yet. */
  readonly process: TaskProcess
  /** What every component of this environment starts with. */
  readonly startEnvironment: Readonly<Record<string, string>>
  /** Arguments of kfp's executor. */
  readonly args: readonly string[]
  /** Where its input artifacts are. */
  readonly inputs: readonly string[]
}

const prepare = (
  attempt: Attempt,
  container: ContainerExecutor,
  component: LightweightPython,
  environment: PythonEnvironment,
  options: WorkOptions,
): Prepared => {
  const { runtime, folder, layout } = attempt
  const task = { ...attempt.task, inputs: withLocalUris(attempt.task.inputs, options.addresses) }
  const args = resolveContainerArguments(container.args, containerScope(task, runtime.context, layout))
  const module = join(folder, 'ephemeral_component.py')
  writeFileSync(module, component.source)
  const bin = dirname(environment.python)
  const python = { _KFP_RUNTIME: 'true', VIRTUAL_ENV: environment.folder }
  const own = processRequest(attempt, container, options, bin)
  const shared = Object.fromEntries(Object.entries(own.env).filter(([name]) => !Object.hasOwn(container.env, name)))
  return {
    component,
    environment,
    process: { ...own, env: { ...own.env, ...python } },
    startEnvironment: { ...shared, ...python, HOME: '/', TMPDIR: '/tmp' },
    args: ['--component_module_path', module, ...args],
    inputs: inputPaths(attempt, options.addresses),
  }
}

const runCold = async ({ folder }: Attempt, prepared: Prepared, signal: AbortSignal): Promise<ProcessResult> => {
  const argumentsFile = join(folder, 'arguments.json')
  writeFileSync(argumentsFile, JSON.stringify(prepared.args))
  const { process, environment, component } = prepared
  return runProcess(
    { ...process, command: environment.python, args: [componentLauncher, argumentsFile, component.module] },
    signal,
  )
}

/** A task with one of these must have an interpreter that starts with it. */
const readAtStart = /^(PYTHON|LD_|LC_|LANG|MALLOC_|TZ$)/

const mayBeWarm = ({ env }: ContainerExecutor, { source }: LightweightPython, warm: WarmPool): boolean =>
  process.platform === 'linux' && !Object.keys(env).some((name) => readAtStart.test(name)) && warm.trusts(source)

const tryWarm = async (
  attempt: Attempt,
  container: ContainerExecutor,
  prepared: Prepared,
  warm: WarmPool,
  sandbox: Sandbox | undefined,
  signal: AbortSignal,
): Promise<ProcessResult | undefined> => {
  const { component, environment, process, startEnvironment, args, inputs } = prepared
  const { pipelineRoot } = attempt.runtime.context
  // Limits are put around a program that starts, and so is a sandbox, unless the server may be in one.
  const shared = sandbox?.encloseServer?.(pipelineRoot, inputs)
  if (process.memoryBytes !== undefined || (process.enclose !== undefined && shared === undefined)) return undefined
  if (!mayBeWarm(container, component, warm)) return undefined
  const wanted = {
    python: environment.python,
    executor: component.module,
    // What the component declares may be meant for its imports.
    modules: Object.keys(container.env).length > 0 ? [] : warmModules(component.source),
    env: startEnvironment,
    ...(shared === undefined ? {} : { enclosure: { artifactRoot: pipelineRoot, enclose: shared } }),
  }
  const { cwd, env, timeoutMs } = process
  const request = {
    cwd,
    env,
    log: attempt.logFile,
    module: component.module,
    arguments: args,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  const result = await runWarm(warm, wanted, request, signal)
  if (result?.serverDied && !signal.aborted) warm.distrust(component.source)
  return result
}

/** A lightweight Python component, in its environment, with kfp's own executor: warm where that is safe. */
export const pythonWork = (container: ContainerExecutor, component: LightweightPython, options: WorkOptions): Work => {
  const environment = (attempt: Attempt, signal: AbortSignal) =>
    attemptEnvironment(attempt, options.platform.environments, component.requirements, signal)
  return {
    basis: async (attempt, signal) => ({ kind: 'environment', digest: (await environment(attempt, signal)).lock }),
    run: async (attempt, signal) => {
      const prepared = prepare(attempt, container, component, await environment(attempt, signal), options)
      const warm =
        options.warm === undefined
          ? undefined
          : await tryWarm(attempt, container, prepared, options.warm, options.sandbox, signal)
      return outputsOf(attempt, warm ?? (await runCold(attempt, prepared, signal)), signal)
    },
  }
}

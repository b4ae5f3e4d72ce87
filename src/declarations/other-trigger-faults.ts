import { didYouMean } from './describe-issue.ts'
import type { Place } from './load-yaml.ts'
import type { UpstreamTrigger } from './other-triggers.ts'
import type { PlacedFault } from './placed-fault.ts'
import type { PipelineEntry, WinnowFile } from './winnow-schema.ts'

/** Schedules, upstreams and drift that name what the file does not declare, or that could never be meant. */
export const triggerFaults = (file: WinnowFile, place: Place): readonly PlacedFault[] =>
  Object.entries(file.pipelines).flatMap(([name, entry]) => [
    ...scheduleFaults(name, entry, place),
    ...upstreamFaults(name, entry, file, place),
    ...worsenedFaults(name, entry, file, place),
  ])

const scheduleFaults = (name: string, { on, parameters }: PipelineEntry, place: Place): readonly PlacedFault[] => {
  const seen = new Set<string>()
  return (on.schedule ?? []).flatMap(({ cron, timezone, into }, i) => {
    const path = ['pipelines', name, 'on', 'schedule', ...(on.schedule?.length === 1 ? [] : [i])]
    const key = JSON.stringify([cron, timezone])
    const faults: PlacedFault[] = []
    if (seen.has(key)) faults.push(place([...path, 'cron'], `${cron} in ${timezone} stands there already`))
    seen.add(key)
    if (into !== undefined && Object.hasOwn(parameters, into))
      faults.push(place(['pipelines', name, 'parameters', into], 'is set by on.schedule.into already', 'key'))
    return faults
  })
}

const upstreamFaults = (name: string, entry: PipelineEntry, file: WinnowFile, place: Place): readonly PlacedFault[] =>
  (entry.on.upstream ?? []).flatMap((trigger, i) => {
    const path = ['pipelines', name, 'on', 'upstream', ...(entry.on.upstream?.length === 1 ? [] : [i])]
    const senseless = whyNoUpstream(trigger)
    if (senseless !== undefined) return [place(path, senseless)]
    // What another repository declares is not known here.
    if (trigger.repository !== undefined) return []
    const { pipeline, model, environment } = trigger
    if (pipeline === name) return [place([...path, 'pipeline'], 'a pipeline cannot wait for itself')]
    if (pipeline !== undefined) return unknown(pipeline, Object.keys(file.pipelines), 'pipeline', path, place)
    const models = Object.values(file.pipelines).flatMap((other) => (other.model === undefined ? [] : [other.model]))
    return [
      ...(model === undefined ? [] : unknown(model, models, 'model', path, place)),
      ...(environment === undefined
        ? []
        : unknown(environment, Object.keys(file.environments), 'environment', path, place)),
    ]
  })

const whyNoUpstream = ({ model, environment, pipeline }: UpstreamTrigger): string | undefined => {
  if (model !== undefined && pipeline !== undefined) return 'expected a model or a pipeline, got both'
  if (pipeline !== undefined)
    return environment === undefined ? undefined : 'a pipeline that succeeds has no environment'
  if (model === undefined) return 'expected a model with its environment, or a pipeline'
  return environment === undefined ? 'expected the environment in which the model goes live' : undefined
}

const worsenedFaults = (name: string, entry: PipelineEntry, file: WinnowFile, place: Place): readonly PlacedFault[] =>
  (['drift', 'degraded'] as const).flatMap((kind) => {
    const trigger = entry.on[kind]
    const path = ['pipelines', name, 'on', kind]
    if (trigger === undefined) return []
    if (entry.model === undefined) return [place(path, 'needs a model: which one is watched?', 'key')]
    return unknown(trigger.environment, Object.keys(file.environments), 'environment', path, place)
  })

const unknown = (
  name: string,
  known: readonly string[],
  what: 'pipeline' | 'model' | 'environment',
  path: readonly (string | number)[],
  place: Place,
): readonly PlacedFault[] => {
  if (known.includes(name)) return []
  const message = `expected ${what === 'environment' ? 'an' : 'a'} ${what}, got ${JSON.stringify(name)}${didYouMean(name, known)}`
  return [place([...path, what], message)]
}

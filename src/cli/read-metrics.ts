import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { loadYaml } from '../declarations/load-yaml.ts'
import { formatFault } from '../declarations/placed-fault.ts'
import { Fault } from '../domain/errors.ts'
import { whyNot } from '../domain/why-not.ts'
import { StatedConfusion, StatedMetrics, statedEvidence } from '../policies/evidence/stated-evidence.ts'
import type { ModelEvidence } from '../policies/gates/case.ts'
import type { Gate } from '../policies/language/policy.ts'

const MetricsFile = z.object({ confusion: StatedConfusion.optional() }).catchall(z.unknown())

/**
 * Stated metrics: a JSON object of numbers by name (`{"latency.p99": 12}`, also `{"latency": {"p99": 12}}`), for a metric
 * by class or column an object of numbers (`{"recall": {"SIRA": 0.9}}`), and a confusion matrix as
 * `{"confusion": {"labels": […], "rows": [[…]]}}`. Names that the gates ask for are the pipeline's own.
 */
export const readMetrics = async (
  file: string | undefined,
  gates: readonly Gate[] = [],
): Promise<ModelEvidence['evidence']> => {
  if (file === undefined) return { metrics: {}, perClass: {}, confusion: null }
  const refuse = (details: readonly string[]): never => {
    const [first = '', ...more] = details
    throw new Fault('usage', `${first}${more.length === 0 ? '' : `; and ${more.length} more faults`}`, {
      details: more.length === 0 ? [] : details,
      remedy: 'Write a JSON object of numbers: {"latency.p99": 12, "recall": {"SIRA": 0.9}}.',
    })
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) =>
    refuse([`${file} cannot be read: ${whyNot(cause)}`]),
  )
  // JSON is YAML too, and faults then have a place.
  const whole = loadYaml(text, file, MetricsFile)
  if (!whole.ok) return refuse(whole.faults.map(formatFault))
  const { confusion = null, ...written } = whole.value
  const metrics = loadYaml(
    text,
    file,
    z.preprocess(() => written, StatedMetrics),
  )
  if (!metrics.ok) return refuse(metrics.faults.map(formatFault))
  const own = gates.flatMap((gate) => (gate.kind === 'metric' ? [gate.metric] : []))
  const { evidence, faults } = statedEvidence(metrics.value, confusion, own, [], whole.place)
  return faults.length > 0 ? refuse(faults.map(formatFault)) : evidence
}

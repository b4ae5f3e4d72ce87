import { expect, it } from 'vitest'
import { formatFault } from './placed-fault.ts'
import { parseWinnowYaml } from './winnow-yaml.ts'

const file = (on: string, more = '') => `version: 1
pipelines:
  beans:
    ir: beans.json
    parameters: {date: ''}
    model: beans
    policy: policies/beans.yaml
    on: ${on}
${more}  features: {ir: features.json}
environments:
  prod: {target: local, endpoint: beans}
`

const onOf = (text: string) => {
  const parsed = parseWinnowYaml(file(text), 'winnow.yaml')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value.pipelines[0]?.on
}

it('a schedule is one or a list, in UTC, of which the last one missed in a day is caught up unless told otherwise', () => {
  const rest = { timezone: 'UTC', catchUp: 'last', lookBack: 86_400_000 }
  expect(onOf('{schedule: {cron: 0 3 * * 1}}')?.schedule).toEqual([{ cron: '0 3 * * 1', ...rest }])
  expect(
    onOf(
      '{schedule: [{cron: "@daily"}, {cron: 0 3 * * *, timezone: Europe/Berlin, catchUp: all, lookBack: 3d, into: day}]}',
    )?.schedule,
  ).toEqual([
    { cron: '@daily', ...rest },
    { cron: '0 3 * * *', timezone: 'Europe/Berlin', catchUp: 'all', lookBack: 3 * 86_400_000, into: 'day' },
  ])
})

it('an upstream is a model with its environment, or a pipeline, one or a list', () => {
  expect(onOf('{upstream: {pipeline: features}}')?.upstream).toEqual([{ pipeline: 'features' }])
  expect(
    onOf('{upstream: [{model: leaves, environment: live, repository: leaves}, {pipeline: features}]}')?.upstream,
  ).toEqual([{ model: 'leaves', environment: 'live', repository: 'leaves' }, { pipeline: 'features' }])
})

it('drift and degradation cool down for a day unless told otherwise', () => {
  expect(onOf('{drift: {environment: prod}, degraded: {environment: prod, cooldown: 1h}}')).toMatchObject({
    drift: { environment: 'prod', cooldown: 86_400_000 },
    degraded: { environment: 'prod', cooldown: 3_600_000 },
  })
})

it.each([
  ['{schedule: {cron: 0 25 * * *}}', '8:27: pipelines.beans.on.schedule.cron: expected an hour from 0 to 23, got "25"'],
  [
    '{schedule: {cron: 0 3 * * *, timezone: Europe/Berln}}',
    '8:48: pipelines.beans.on.schedule.timezone: expected a time zone such as Europe/Berlin, got "Europe/Berln"',
  ],
  ['{schedule: 3}', '8:20: pipelines.beans.on.schedule: expected a mapping, or a list, got 3'],
  ['[schedule]', '8:9: pipelines.beans.on: expected a mapping, got a list'],
  [
    '{schedule: {cron: 0 3 * * *, catchup: all}}',
    '8:38: pipelines.beans.on.schedule.catchup: unknown key, did you mean catchUp?',
  ],
  [
    '{schedule: {cron: 0 3 * * *, lookBack: 31d}}',
    '8:48: pipelines.beans.on.schedule.lookBack: expected a duration such as 90s, 5m or 1h30m (at most 30d), got "31d"',
  ],
  [
    '{schedule: [{cron: "@daily"}, {cron: "@daily", into: date}]}',
    '8:46: pipelines.beans.on.schedule[1].cron: @daily in UTC stands there already',
  ],
  [
    '{schedule: {cron: "@daily", into: date}}',
    '5:18: pipelines.beans.parameters.date: is set by on.schedule.into already',
  ],
  [
    '{upstream: {model: beans}}',
    '8:20: pipelines.beans.on.upstream: expected the environment in which the model goes live',
  ],
  ['{upstream: {}}', '8:20: pipelines.beans.on.upstream: expected a model with its environment, or a pipeline'],
  ['{upstream: {pipeline: beans}}', '8:31: pipelines.beans.on.upstream.pipeline: a pipeline cannot wait for itself'],
  [
    '{upstream: {pipeline: feature}}',
    '8:31: pipelines.beans.on.upstream.pipeline: expected a pipeline, got "feature", did you mean features?',
  ],
  [
    '{upstream: {model: beans, environment: prd}}',
    '8:48: pipelines.beans.on.upstream.environment: expected an environment, got "prd", did you mean prod?',
  ],
  [
    '{drift: {environment: staging}}',
    '8:31: pipelines.beans.on.drift.environment: expected an environment, got "staging"',
  ],
  ['{drift: {}}', '8:17: pipelines.beans.on.drift.environment: missing, expected text'],
])('%s is refused', (on, fault) => {
  const parsed = parseWinnowYaml(file(on), 'winnow.yaml')
  expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toContain(`winnow.yaml:${fault}`)
})

it('a pipeline without a model has nothing that could drift', () => {
  const parsed = parseWinnowYaml(file('{}', '  other: {ir: o.json, on: {drift: {environment: prod}}}\n'), 'winnow.yaml')
  expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toEqual([
    'winnow.yaml:9:28: pipelines.other.on.drift: needs a model: which one is watched?',
  ])
})

it.each(['0', '101', '1.5', 'one'])('concurrency is a whole number from 1 to 100, and not %s', (value) => {
  const text = file('{}').replace('    model: beans\n', `    model: beans\n    concurrency: ${value}\n`)
  const parsed = parseWinnowYaml(text, 'winnow.yaml')
  expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toMatchObject([
    expect.stringMatching(/^winnow.yaml:7:18: pipelines.beans.concurrency: expected /),
  ])
})

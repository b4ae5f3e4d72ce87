import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Fault, isFault } from '../../src/domain/errors.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { pipelineDigest } from '../../src/pipelines/digest.ts'
import { checkJobParameters, resolveJobParameters } from '../../src/pipelines/parameters.ts'
import { checkPipelineSpec, parsePipeline } from '../../src/pipelines/parse-pipeline.ts'
import { describeRequests, platformRequests } from '../../src/pipelines/platform-requests.ts'
import { fixture, fixtureText, jobContext } from './drive.ts'

const faultOf = (work: () => unknown): Fault => {
  try {
    work()
  } catch (error) {
    if (isFault(error, 'pipeline_invalid')) return error
    throw error
  }
  throw new Error('no fault was raised')
}

const small = `pipelineInfo: {name: small}
schemaVersion: 2.1.0
root:
  dag:
    tasks:
      one:
        componentRef: {name: comp-one}
      two:
        componentRef: {name: comp-one}
        dependentTasks: [one]
        inputs:
          parameters:
            x: {taskOutputParameter: {producerTask: one, outputParameterKey: Output}}
components:
  comp-one:
    executorLabel: exec-one
    inputDefinitions: {parameters: {x: {parameterType: STRING, isOptional: true}}}
    outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
deploymentSpec:
  executors:
    exec-one: {container: {image: alpine}}
`

describe('parsePipeline', () => {
  it('takes every compiled fixture, as YAML and as JSON, with the same digest', () => {
    const names = readdirSync(join(import.meta.dirname, 'fixtures')).filter((name) => name.endsWith('.yaml'))
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      const { spec, job, platformSpec } = parsePipeline(fixtureText(name), name)
      expect({ job, platformSpec }).toEqual({ job: null, platformSpec: null })
      const again = parsePipeline(JSON.stringify(spec, null, 1), 'x.json').spec
      expect(pipelineDigest(again)).toBe(pipelineDigest(spec))
    }
  })

  it('has another digest for another content, and the same for another order of keys', () => {
    const digest = pipelineDigest(parsePipeline(small, 's').spec)
    expect(pipelineDigest(parsePipeline(small.replace('alpine', 'alpine:3'), 's').spec)).not.toBe(digest)
    const lines = small.split('\n')
    expect(pipelineDigest(parsePipeline([...lines.slice(2), ...lines.slice(0, 2)].join('\n'), 's').spec)).toBe(digest)
  })

  it('keeps names and texts as PyYAML means them', () => {
    const text = small.replace(
      'parameters: {x: {parameterType: STRING, isOptional: true}}',
      'parameters: {on: {parameterType: STRING, defaultValue: 1e5}, y: {parameterType: NUMBER_DOUBLE, defaultValue: 1.5e-05}, z: {parameterType: STRING, defaultValue: 0o17}, x: {parameterType: STRING, isOptional: true}}',
    )
    const parameters = parsePipeline(text, 's').spec.components?.['comp-one']?.inputDefinitions?.parameters ?? {}
    expect(Object.keys(parameters)).toEqual(['on', 'y', 'z', 'x'])
    expect(parameters['on']?.defaultValue).toBe('1e5')
    expect(parameters['y']?.defaultValue).toBe(0.000015)
    expect(parameters['z']?.defaultValue).toBe('0o17')
  })

  it('reads the platform spec of a second document and says what it asks for', () => {
    const text = `${small}---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-one: {secretAsEnv: [{secretName: s}], pvcMount: []}
    pipelineConfig: {workspace: {size: 1Gi}}
`
    const { platformSpec, spec } = parsePipeline(text, 's')
    expect(describeRequests(platformRequests(platformSpec ?? {}), spec)).toEqual([
      'task one, two: kubernetes secretAsEnv (s), pvcMount',
      'the pipeline: kubernetes workspace',
    ])
  })

  it('takes a PipelineJob in camelCase and in snake_case', () => {
    const spec = parsePipeline(small, 's').spec as unknown as JsonObject
    const camel = {
      displayName: 'd',
      labels: { a: 'b' },
      pipelineSpec: spec,
      runtimeConfig: {
        gcsOutputDirectory: 'gs://r',
        parameterValues: { n: 1 },
        failurePolicy: 'PIPELINE_FAILURE_POLICY_FAIL_FAST',
      },
    }
    const { pipelineInfo, deploymentSpec, schemaVersion, ...rest } = spec
    const snake = {
      display_name: 'd',
      labels: { a: 'b' },
      pipeline_spec: {
        pipeline_info: pipelineInfo,
        deployment_spec: deploymentSpec,
        schema_version: schemaVersion,
        ...rest,
      },
      runtime_config: {
        gcs_output_directory: 'gs://r',
        parameter_values: { n: 1 },
        failure_policy: 'PIPELINE_FAILURE_POLICY_FAIL_FAST',
      },
    }
    const job = {
      displayName: 'd',
      labels: { a: 'b' },
      parameters: { n: 1 },
      pipelineRoot: 'gs://r',
      failurePolicy: 'fast',
    }
    for (const form of [camel, snake]) {
      const document = parsePipeline(JSON.stringify(form), 'job.json')
      expect(document.job).toEqual(job)
      expect(pipelineDigest(document.spec)).toBe(pipelineDigest(spec as never))
    }
  })

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'a type of parameter that there is not',
      (text) => text.replace('{parameterType: STRING, isOptional: true}', '{parameterType: STRNG, isOptional: true}'),
      /^p\.yaml:\d+:\d+: .*STRNG is no type \(did you mean "STRING"\?\)/,
    ],
    [
      'a loop that may do less than nothing at once',
      (text) =>
        text.replace('dependentTasks: [one]', 'dependentTasks: [one]\n        iteratorPolicy: {parallelismLimit: -1}'),
      /^p\.yaml:\d+:\d+: .*parallelismLimit: expected 0 or more/,
    ],
    [
      'a retry of half a time',
      (text) =>
        text.replace('dependentTasks: [one]', 'dependentTasks: [one]\n        retryPolicy: {maxRetryCount: 1.5}'),
      /^p\.yaml:\d+:\d+: .*maxRetryCount: expected a whole number/,
    ],
    ['an empty file', () => '', /^p\.yaml:1:1: the file is empty/],
    ['something else', () => 'a: 1\n', /^p\.yaml:1:1: this is no compiled pipeline/],
    ['a list', () => '[1]', /its top is not a mapping/],
    [
      'an Argo workflow',
      () => 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n',
      /not a compiled pipeline of KFP v2/,
    ],
    ['broken YAML', (text) => text.replace('{name: small}', '{name: small'), /^p\.yaml:\d+:\d+: /],
    ['a key given twice', (text) => `${text}schemaVersion: 2.1.0\n`, /^p\.yaml:22:1: .*unique/i],
    ['no root', (text) => text.replace('root:', 'roots:'), /root: /],
    ['another schema', (text) => text.replace('2.1.0', '3.0.0'), /^p\.yaml:2:1: schemaVersion is 3\.0\.0/],
    [
      'a wrong shape',
      (text) => text.replace('dependentTasks: [one]', 'dependentTasks: one'),
      /^p\.yaml:10:9: root\.dag\.tasks\.two\.dependentTasks: /,
    ],
    [
      'a component that is not there',
      (text) => text.replace('componentRef: {name: comp-one}', 'componentRef: {name: comp-on}'),
      /^p\.yaml:7:24: task "one": componentRef names "comp-on".*did you mean "comp-one"/,
    ],
    [
      'an executor that is not there',
      (text) => text.replace('executorLabel: exec-one', 'executorLabel: exec-two'),
      /^p\.yaml:16:5: component "comp-one": executorLabel names "exec-two"/,
    ],
    [
      'a component without executor',
      (text) => text.replace('    executorLabel: exec-one\n', ''),
      /component "comp-one" has neither an executorLabel nor a dag/,
    ],
    [
      'an executor of a kind nobody runs',
      (text) => text.replace('container: {image: alpine}', 'sparkJob: {}'),
      /is none of container, importer, resolver, customJob \(it is: sparkJob\)/,
    ],
    [
      'a dependency that is not there',
      (text) => text.replace('[one]', '[onne]'),
      /^p\.yaml:10:26: task "two" needs task "onne".*did you mean "one"/,
    ],
    [
      'an output that is not there',
      (text) => text.replace('outputParameterKey: Output', 'outputParameterKey: Outptu'),
      /task "one" has no output parameter "Outptu" \(did you mean "Output"\?\)/,
    ],
    [
      'items that are no list',
      (text) => text.replace('[one]', "[one]\n        parameterIterator: {itemInput: x, items: {raw: '{}'}}"),
      /task "two": parameterIterator.items: raw is a mapping, not a list/,
    ],
    [
      'items of an input that is not there',
      (text) => text.replace('[one]', '[one]\n        parameterIterator: {itemInput: x, items: {inputParameter: y}}'),
      /task "two": parameterIterator.items: the task has no input "y"/,
    ],
    [
      'a condition that is none',
      (text) => text.replace('[one]', '[one]\n        triggerPolicy: {condition: "1 =="}'),
      /task "two": the condition `1 ==` cannot be evaluated: /,
    ],
    [
      'a condition on an input that is not there',
      (text) =>
        text.replace('[one]', `[one]\n        triggerPolicy: {condition: "inputs.parameter_values['xx'] == 1"}`),
      /task "two": .*the task has no input "xx" \(did you mean "x"\?\)/,
    ],
    [
      'a strategy that nobody knows',
      (text) => text.replace('[one]', '[one]\n        triggerPolicy: {strategy: WHENEVER}'),
      /^p\.yaml:11:.*two\.triggerPolicy\.strategy: .*ALL_UPSTREAM_TASKS_COMPLETED/,
    ],
    [
      'a required input that is given nothing',
      (text) => text.replace('isOptional: true', 'isOptional: false'),
      /task "one" is given nothing for the required input "x" of component "comp-one"/,
    ],
    [
      'a circle',
      (text) =>
        text.replace(
          '        componentRef: {name: comp-one}\n      two',
          '        componentRef: {name: comp-one}\n        dependentTasks: [two]\n      two',
        ),
      /wait for each other in a circle: .*(one → two → one|two → one → two)/,
    ],
    [
      'a component that holds itself',
      (text) =>
        text.replace('    executorLabel: exec-one\n', '    dag: {tasks: {again: {componentRef: {name: comp-one}}}}\n'),
      /component "comp-one" holds itself/,
    ],
    ['a task that needs itself', (text) => text.replace('[one]', '[two]'), /in a circle: two → two/],
  ])('refuses %s', (_, change, message) => {
    const changed = change(small)
    expect(changed).not.toBe(small)
    const fault = faultOf(() => parsePipeline(changed, 'p.yaml'))
    expect(fault.message).toMatch(message)
    expect(fault.remedy).toBeTruthy()
  })

  it('places faults in JSON too, and lists all of them', () => {
    const text = JSON.stringify(parsePipeline(small, 's').spec, null, 2).replaceAll('"comp-one"\n', '"comp-onx"\n')
    const fault = faultOf(() => parsePipeline(text, 'p.json'))
    expect(fault.details).toHaveLength(2)
    expect(fault.details[0]).toMatch(/^p\.json:\d+:\d+: task "one"/)
  })

  it('checks a spec that came without a file', () => {
    expect(faultOf(() => checkPipelineSpec('x', 'the job')).message).toMatch(/^the job: it is not a mapping/)
    expect(
      faultOf(() => checkPipelineSpec({ pipelineInfo: { name: 'x' }, root: { dag: { tasks: 3 } } }, 'the job')).message,
    ).toMatch(/^the job at root\.dag\.tasks: /)
  })
})

describe('runtime parameters', () => {
  const hello = fixture('hello.yaml')
  it('completes defaults and keeps what is given', () => {
    expect(resolveJobParameters(hello, { n: 7, x: 2 }, jobContext)).toEqual({
      who: 'world',
      on: 'yes',
      n: 7,
      x: 2,
      flag: true,
      items: [1, 2],
      table: { a: 1 },
    })
  })

  it.each<[JsonObject, string]>([
    [{ whoo: 'x' }, 'parameter "whoo" is unknown to the pipeline (did you mean "who"?)'],
    [{ n: '7' }, 'parameter "n": expected a whole number, got the string "7"'],
    [{ n: 7.5 }, 'parameter "n": expected a whole number, got the number 7.5'],
    [{ x: true }, 'parameter "x": expected a number, got the boolean true'],
    [{ who: 5 }, 'parameter "who": expected a string, got the number 5'],
    [{ flag: 'true' }, 'parameter "flag": expected true or false, got the string "true"'],
    [{ items: '[1]' }, 'parameter "items": expected a list, got the string "[1]"'],
    [{ table: [1] }, 'parameter "table": expected a mapping, got a list'],
  ])('refuses %j', (given, problem) => {
    expect(checkJobParameters(hello, given)).toEqual([problem])
    expect(faultOf(() => resolveJobParameters(hello, given, jobContext)).message).toContain(problem)
  })

  it('asks for what is required, and takes null only where it is optional', () => {
    const beans = fixture('beans.yaml')
    expect(checkJobParameters(beans, {})).toEqual(['parameter "project" is required and was not given'])
    expect(checkJobParameters(beans, { project: null })).toEqual(['parameter "project" is required and cannot be null'])
    expect(checkJobParameters(fixture('artifacts.yaml'), { rate: null })).toEqual([])
  })
})

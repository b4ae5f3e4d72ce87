import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { say, shellPipeline } from '../platform/shell-pipeline.ts'
import { openSite, type Site } from '../platform/site.ts'
import { until } from '../platform/until.ts'
import { caller } from '../rest/call.ts'

const spec = shellPipeline({ only: { script: say } })
const run = { display_name: 'told', pipeline_spec: spec, runtime_config: { parameters: { word: 'hi' } } }

let site: Site
beforeAll(async () => {
  site = await openSite({ containers: 'host', sandbox: 'off' })
})
afterAll(() => site?.[Symbol.asyncDispose]())
const call = (method: string, path: string, body?: unknown) =>
  caller(site.platform.httpPort)(method, `/apis/v2beta1${path}`, body)

describe('a run', () => {
  it('of an archived experiment is refused', async () => {
    const { json: experiment } = await call('POST', '/experiments', { display_name: 'old' })
    await call('POST', `/experiments/${experiment.experiment_id}:archive`)
    const { status, json } = await call('POST', '/runs', { ...run, experiment_id: experiment.experiment_id })
    expect([status, json.code]).toEqual([400, 9])
    expect(json.message).toContain('is archived')
  })

  it('takes the spec bare or with its platform spec, in either case, and tells what is left out', async () => {
    const port = site.platform.httpPort
    const platform = {
      platforms: { kubernetes: { deploymentSpec: { executors: { 'exec-only': { tolerations: [{}] } } } } },
    }
    const response = await fetch(`http://127.0.0.1:${port}/apis/v2beta1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        displayName: 'told',
        pipelineSpec: {
          pipelineSpec: { ...spec, defaultPipelineRoot: 'minio://mlpipeline/v2' },
          platformSpec: platform,
        },
        runtimeConfig: { parameters: { word: 'hi' } },
      }),
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('warning')).toMatch(/defaultPipelineRoot minio:.*only: kubernetes tolerations/)
    const { run_id } = (await response.json()) as { run_id: string }
    const ended = await until('its end', async () => {
      const { json } = await call('GET', `/runs/${run_id}`)
      return json.state === 'SUCCEEDED' && json
    })
    expect(ended.pipeline_spec.platform_spec).toEqual(platform)
    expect(ended.plugins_output.winnow.entries.left_out.value).toHaveLength(2)
  })

  it('is retried once by two who ask at once, and its id is what its tasks are told', async () => {
    const gate = 'test ! -f "$0.wait" || until test -f "$0.go"; do sleep 0.05; done'
    const says = `echo "{{$.pipeline_job_uuid}}" > "$0"; ${gate}; exit 1`
    const failing = shellPipeline({ only: { script: says } })
    const file = join(site.root, 'uuid')
    const { json } = await call('POST', '/runs', {
      ...run,
      pipeline_spec: failing,
      runtime_config: { parameters: { word: file } },
    })
    const failed = (attempts: number) =>
      until('a failure', async () => {
        const { json: found } = await call('GET', `/runs/${json.run_id}`)
        const tries = (await readdir(join(site.root, 'jobs', json.run_id, 'tasks', 'root', 'only')).catch(() => []))
          .length
        return found.state === 'FAILED' && tries === attempts && found
      })
    await failed(1)
    expect((await readFile(file, 'utf8')).trim()).toBe(json.run_id)
    await writeFile(`${file}.wait`, '')
    const answers = await Promise.all([1, 2].map(() => call('POST', `/runs/${json.run_id}:retry`)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    await writeFile(`${file}.go`, '')
    const again = await failed(2)
    expect(again.error.message).toContain('only failed')
  })

  it('that is being retried goes on with that after a restart', async () => {
    const folder = join(site.root, 'field')
    await mkdir(folder)
    const pipeline = shellPipeline({
      sow: { script: `echo sow >> "$0/marks"; ${say}` },
      reap: {
        script: `echo reap >> "$0/marks"; test -f "$0/again"; until test -f "$0/go"; do sleep 0.05; done; ${say}`,
        after: ['sow'],
      },
    })
    const given = { ...run, pipeline_spec: pipeline, runtime_config: { parameters: { word: folder } } }
    const { json } = await call('POST', '/runs', given)
    const state = async () => (await call('GET', `/runs/${json.run_id}`)).json.state
    await until('the failure', async () => (await state()) === 'FAILED')
    await writeFile(join(folder, 'again'), '')
    await call('POST', `/runs/${json.run_id}:retry`)
    const marks = async () => (await readFile(join(folder, 'marks'), 'utf8')).trim().split('\n')
    await until('the retry', async () => (await marks()).length === 3)
    await site.restart()
    await until('its second start', async () => (await marks()).length === 4)
    await writeFile(join(folder, 'go'), '')
    await until('the end', async () => (await state()) === 'SUCCEEDED')
    expect(await marks()).toEqual(['sow', 'reap', 'reap', 'reap'])
  })

  it('that cannot run here fails before anything of it runs, and again where it is retried', async () => {
    await using refusing = await openSite({ containers: 'refuse' })
    const ask = (method: string, path: string, body?: unknown) =>
      caller(refusing.platform.httpPort)(method, `/apis/v2beta1/runs${path}`, body)
    const { json } = await ask('POST', '', run)
    const failed = () =>
      until('its end', async () => {
        const { json: found } = await ask('GET', `/${json.run_id}`)
        return found.state === 'FAILED' && found
      })
    const first = await failed()
    expect(first.error.message).toContain('only')
    expect(first.run_details.task_details).toEqual([])
    expect((await ask('POST', `/${json.run_id}:retry`)).status).toBe(200)
    expect((await failed()).error).toEqual(first.error)
  })
})

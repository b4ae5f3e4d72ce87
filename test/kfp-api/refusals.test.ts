import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { say, shellPipeline } from '../platform/shell-pipeline.ts'
import { openSite, type Site } from '../platform/site.ts'
import { caller } from '../rest/call.ts'

const spec = shellPipeline({ only: { script: say } })
const run = { display_name: 'bad', pipeline_spec: spec, runtime_config: { parameters: { word: 'hi' } } }
const upload = (name: string, text: string) => {
  const form = new FormData()
  form.set('uploadfile', new File([text], name))
  return form
}

let site: Site
beforeAll(async () => {
  site = await openSite({ containers: 'host', sandbox: 'off' })
})
afterAll(() => site?.[Symbol.asyncDispose]())
const call = (method: string, path: string, body?: unknown) =>
  caller(site.platform.httpPort)(method, `/apis/v2beta1${path}`, body)
const send = async (path: string, body: FormData) => {
  const response = await fetch(`http://127.0.0.1:${site.platform.httpPort}/apis/v2beta1${path}`, {
    method: 'POST',
    body,
  })
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  return { status: response.status, json: (await response.json()) as any }
}

describe('a call that cannot be', () => {
  it.each([
    ['GET', '/runs/none', undefined, 404, 5, 'There is no run none'],
    ['POST', '/runs/none:retry', undefined, 404, 5, 'There is no run none'],
    ['POST', '/runs/none:rewind', undefined, 404, 5, 'There is nothing at POST'],
    ['GET', '/nothing', undefined, 404, 5, 'There is nothing at GET'],
    ['GET', '/experiments/none', undefined, 404, 5, 'There is no experiment none'],
    ['POST', '/experiments', {}, 400, 3, 'display_name is required'],
    ['POST', '/experiments', { display_name: 7 }, 400, 3, 'display_name is not a text'],
    ['POST', '/experiments', '{', 400, 3, 'The body is not JSON'],
    ['POST', '/experiments', '[]', 400, 3, 'The body is not a JSON object'],
    ['GET', '/experiments?sort_by=colour', undefined, 400, 3, 'sort_by "colour" is not understood'],
    ['GET', '/runs?filter=x', undefined, 400, 3, 'The filter is not JSON'],
    ['GET', '/pipelines/none/versions', undefined, 404, 5, 'There is no pipeline none'],
    ['GET', '/pipelines/names/none', undefined, 404, 5, 'There is no pipeline of the name "none"'],
    ['POST', '/pipelines', {}, 400, 3, 'pipeline.name is required'],
    [
      'POST',
      '/pipelines/create',
      { pipeline: { name: 'far' }, pipeline_version: { package_url: { pipeline_url: 'http://far/away' } } },
      501,
      12,
      'fetches no packages',
    ],
    ['POST', '/runs', { ...run, display_name: ' ' }, 400, 3, 'display_name is required'],
    ['POST', '/runs', { display_name: 'x' }, 400, 3, 'either a pipeline_spec or a pipeline_version_reference'],
    ['POST', '/runs', { ...run, pipeline_version_reference: {} }, 400, 3, 'either a pipeline_spec or'],
    ['POST', '/runs', { ...run, pipeline_spec: { root: {} } }, 400, 3, 'pipeline_spec'],
    ['POST', '/runs', { ...run, pipeline_spec: { apiVersion: 'argoproj.io/v1alpha1' } }, 400, 3, 'pipeline_spec'],
    ['POST', '/runs', { ...run, pipeline_spec: 'x' }, 400, 3, 'pipeline_spec is not an object'],
    ['POST', '/runs', { ...run, runtime_config: { parameters: [] } }, 400, 3, 'runtime_config.parameters is not an'],
    ['POST', '/runs', { ...run, runtime_config: {} }, 400, 3, 'parameter "word" is required'],
    ['POST', '/runs', { ...run, experiment_id: 'none' }, 404, 5, 'There is no experiment none'],
    ['GET', '/recurringruns', undefined, 501, 12, 'Recurring runs'],
    ['POST', '/recurringruns/x:enable', undefined, 501, 12, 'Recurring runs'],
    ['GET', '/auth', undefined, 501, 12, 'not implemented by the embedded platform'],
  ])('%s %s %j answers as grpc-gateway does', async (method, path, body, http, code, message) => {
    const { status, json } = await call(method, path, body)
    expect({ status, code: json.code }).toEqual({ status: http, code })
    expect(json.message).toContain(message)
    expect(json).toEqual({ error: json.message, code, message: json.message, details: expect.any(Array) })
    expect(json.message).not.toContain('\n')
  })

  it.each([
    ['no.yaml', 'just: text', 'this is no compiled pipeline'],
    ['argo.yaml', 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow', 'argo.yaml:1:1: this is an Argo workflow'],
    ['empty.yaml', '', 'empty.yaml'],
    ['broken.yaml', 'a: [', 'broken.yaml:1'],
    ['cut.zip', 'PK\x03\x04', 'cut.zip cannot be unpacked'],
  ])('an upload of %s is refused', async (name, text, message) => {
    const { status, json } = await send('/pipelines/upload?name=bad', upload(name, text))
    expect({ status, code: json.code }).toEqual({ status: 400, code: 3 })
    expect(json.message).toContain(message)
  })

  it('an upload without its file, or to no pipeline, is refused', async () => {
    expect((await send('/pipelines/upload', new FormData())).json.message).toContain('no file uploadfile')
    expect((await call('POST', '/pipelines/upload', {})).json.message).toContain('An upload is a form')
    const form = upload('a.yaml', JSON.stringify(spec))
    expect((await send('/pipelines/upload_version?name=v', form)).json.message).toContain('pipelineid is required')
    expect((await send('/pipelines/upload_version?pipelineid=none', form)).status).toBe(404)
  })

  it('leaves nothing behind', async () => {
    expect((await call('GET', '/pipelines')).json).toEqual({ pipelines: [], total_size: 0, next_page_token: '' })
    expect((await call('GET', '/runs')).json).toEqual({ runs: [], total_size: 0, next_page_token: '' })
    expect((await call('GET', '/experiments')).json.total_size).toBe(1)
    for (const kind of ['kfpRuns', 'kfpPipelines', 'kfpPipelineVersions', 'pipelineJobs'])
      expect(await readdir(join(site.root, 'records', kind))).toEqual([])
  })
})

it('says that it is well to clients of either version', async () => {
  expect((await call('GET', '/healthz')).json).toMatchObject({ multi_user: false })
  const { json } = await caller(site.platform.httpPort)('GET', '/apis/v1beta1/healthz')
  expect(json).toMatchObject({ multi_user: false })
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { writeLinearModel } from './linear-model.ts'
import { say, shellPipeline } from './shell-pipeline.ts'
import { environmentsFolder, openSite, type Site } from './site.ts'

const requirements = ['google-cloud-aiplatform==1.165.1', 'pyyaml==6.0.3']
const installing = 600_000

let site: Site
let python: string
beforeAll(async () => {
  const environments = createPythonEnvironments({ folder: environmentsFolder })
  python = (await environments.ensure(requirements)).python
  site = await openSite({ containers: 'host', addresses: { 'gs://made-models/': 'made' } })
}, installing)
afterAll(() => site?.[Symbol.asyncDispose]())

/** Runs the SDK's code unchanged, led here by the sitecustomize that tasks run with; its last line is JSON. */
const runPython = async (code: string, values: object): Promise<unknown> => {
  const file = join(site.root, `${Math.random().toString(36).slice(2)}.py`)
  await writeFile(file, `import json, sys\ngiven = json.loads(sys.argv[1])\n${code}`)
  const folder = fileURLToPath(new URL('../../src/platform/engine/python', import.meta.url))
  const { exitCode, stdout, stderr } = await runProcess({
    command: python,
    args: [file, JSON.stringify(values)],
    cwd: site.root,
    env: scrubbedEnvironment({
      PYTHONPATH: folder,
      HOME: site.root,
      WINNOW_VERTEX_ENDPOINT: `127.0.0.1:${site.platform.port}`,
      GOOGLE_CLOUD_PROJECT: 'farm',
      NO_GCE_CHECK: 'true',
      NO_PROXY: '127.0.0.1',
    }),
    timeoutMs: 120_000,
  })
  if (exitCode !== 0) throw new Error(`Python ended with ${exitCode}:\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

describe("Google's Python SDK", () => {
  it('uploads, versions, deploys and predicts', async () => {
    const code = `
from google.cloud import aiplatform
aiplatform.init(project="farm", location="europe-west4")
model = aiplatform.Model.upload(display_name="doubles", artifact_uri=given["folder"], serving_container_image_uri="example/serve:1", version_aliases=["live"])
second = aiplatform.Model.upload(display_name="doubles", artifact_uri=given["folder"], serving_container_image_uri="example/serve:1", parent_model=model.resource_name, is_default_version=False)
endpoint = aiplatform.Endpoint.create(display_name="beans")
model.deploy(endpoint, deployed_model_display_name="one", machine_type="n1-standard-2", traffic_percentage=100)
found = aiplatform.Endpoint.list(filter='display_name="beans"', order_by="create_time desc")
answer = found[0].predict(instances=[{"x": 4}, {"x": "2.5"}])
registry = aiplatform.models.ModelRegistry(model)
registry.add_version_aliases(["candidate"], version="2")
versions = [[v.version_id, sorted(v.version_aliases)] for v in registry.list_versions()]
endpoint.undeploy_all()
endpoint.delete()
print(json.dumps({
  "predictions": answer.predictions, "version": answer.model_version_id,
  "versions": sorted(versions), "second": second.version_id,
  "digest": dict(model.gca_resource.metadata)["digest"], "left": len(aiplatform.Endpoint.list()),
}))
`
    await writeLinearModel(join(site.root, 'made', 'doubles'), 2)
    // The SDK would copy a local folder to a bucket of Google's first.
    expect(await runPython(code, { folder: 'gs://made-models/doubles' })).toEqual({
      predictions: [expect.objectContaining({ value: 8 }), expect.objectContaining({ value: 5 })],
      version: '1',
      versions: [
        ['1', ['default', 'live']],
        ['2', ['candidate']],
      ],
      second: '2',
      digest: expect.stringMatching(/^sha256:/),
      left: 0,
    })
  }, 300_000)

  it('submits a pipeline, waits for it and reads its tasks', async () => {
    const code = `
from google.cloud import aiplatform
aiplatform.init(project="farm", location="europe-west4")
job = aiplatform.PipelineJob(display_name="beans", template_path=given["file"], job_id="from-python",
  pipeline_root=given["root"], parameter_values={"word": "hello"}, enable_caching=False, labels={"by": "python"})
job.submit(service_account="someone@farm.iam.gserviceaccount.com")
job.wait()
tasks = {task.task_name: task for task in job.task_details}
first = tasks["first"]
listed = [found.name for found in aiplatform.PipelineJob.list(filter='labels.by="python"')]
print(json.dumps({
  "state": job.state.name, "first": first.state.name, "execution": first.execution.state.name,
  "said": dict(first.execution.metadata)["output:said"], "artifact": first.outputs["page"].artifacts[0].schema_title,
  "listed": listed,
}))
`
    const file = join(site.root, 'shell.json')
    await writeFile(file, JSON.stringify(shellPipeline({ first: { script: say } })))
    expect(await runPython(code, { file, root: join(site.root, 'runs') })).toEqual({
      state: 'PIPELINE_STATE_SUCCEEDED',
      first: 'SUCCEEDED',
      execution: 'COMPLETE',
      said: 'hello',
      artifact: 'system.Metrics',
      listed: ['from-python'],
    })
  }, 300_000)

  it('raises what the platform refuses, by its own exception', async () => {
    const code = `
from google.cloud import aiplatform
from google.api_core import exceptions
aiplatform.init(project="farm", location="europe-west4")
try:
  aiplatform.Model("projects/farm/locations/europe-west4/models/none")
except exceptions.NotFound as error:
  print(json.dumps(error.message))
`
    expect(await runPython(code, {})).toContain('models/none')
  }, 300_000)
})

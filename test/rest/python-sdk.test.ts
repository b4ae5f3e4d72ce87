import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { say, shellPipeline } from '../platform/shell-pipeline.ts'
import { environmentsFolder, openSite, type Site } from '../platform/site.ts'

// As test/platform/python-sdk.test.ts, so that one environment serves both.
const requirements = ['google-cloud-aiplatform==1.165.1', 'pyyaml==6.0.3']

let site: Site
let python: string
beforeAll(async () => {
  python = (await createPythonEnvironments({ folder: environmentsFolder }).ensure(requirements)).python
  site = await openSite({ containers: 'host', addresses: { 'gs://farm/': 'bucket' } })
}, 600_000)
afterAll(() => site?.[Symbol.asyncDispose]())

const code = `
import json, sys
from google.api_core import exceptions
from google.cloud import aiplatform

given = json.loads(sys.argv[1])
aiplatform.init(project="farm", location="local", api_transport="rest")
model = aiplatform.Model.upload(display_name="doubles", artifact_uri="gs://farm/doubles", serving_container_image_uri="example/serve:1", version_aliases=["live"])
endpoint = aiplatform.Endpoint.create(display_name="beans", labels={"by": "rest"})
model.deploy(endpoint, machine_type="n1-standard-2", traffic_percentage=100)
found = aiplatform.Endpoint.list(filter='labels.by="rest"', order_by="create_time desc")
answer = found[0].predict(instances=[{"x": 4}, {"x": "2.5"}])
endpoint.update(display_name="other")
exported = model.export_model("custom-trained", artifact_destination="gs://farm/out")
job = aiplatform.PipelineJob(display_name="beans", template_path=given["file"], job_id="over-rest",
  pipeline_root=given["root"], parameter_values={"word": "hello"}, enable_caching=False)
job.submit()
job.wait()
said = {task.task_name: dict(task.execution.metadata) for task in job.task_details}["first"]["output:said"]
try:
  aiplatform.Model("projects/farm/locations/local/models/none")
except exceptions.NotFound as error:
  missing = error.message
endpoint.undeploy_all()
endpoint.delete()
print(json.dumps({
  "predictions": [one["value"] for one in answer.predictions], "name": aiplatform.Endpoint.list() or "gone",
  "exported": exported["artifactOutputUri"], "state": job.state.name, "said": said, "missing": missing,
}))
`

it("serves Google's Python SDK where it speaks REST, whatever place it names", async () => {
  await writeLinearModel(join(site.root, 'bucket', 'doubles'), 2)
  const file = join(site.root, 'shell.json')
  await writeFile(file, JSON.stringify(shellPipeline({ first: { script: say } })))
  const result = await runProcess({
    command: python,
    args: ['-c', code, JSON.stringify({ file, root: join(site.root, 'runs') })],
    cwd: site.root,
    env: scrubbedEnvironment({
      PYTHONPATH: fileURLToPath(new URL('../../src/platform/engine/python', import.meta.url)),
      HOME: site.root,
      // Nothing listens where gRPC would go.
      WINNOW_VERTEX_ENDPOINT: '127.0.0.1:1',
      WINNOW_VERTEX_REST: `http://127.0.0.1:${site.platform.httpPort}`,
      GOOGLE_CLOUD_PROJECT: 'farm',
      NO_GCE_CHECK: 'true',
      NO_PROXY: '127.0.0.1',
    }),
    timeoutMs: 240_000,
  })
  if (result.exitCode !== 0) throw new Error(result.stderr)
  expect(JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    predictions: [8, 5],
    name: 'gone',
    exported: expect.stringMatching(/^gs:\/\/farm\/out\/model-export-doubles-/),
    state: 'PIPELINE_STATE_SUCCEEDED',
    said: 'hello',
    missing: expect.stringContaining('There is no model projects/farm/locations/local/models/none'),
  })
}, 300_000)

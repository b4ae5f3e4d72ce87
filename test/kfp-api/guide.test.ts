import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSite } from '../platform/site.ts'
import { runWithKfp } from './python.ts'

it('does what docs/kubeflow-api.md shows', async () => {
  const guide = await readFile(new URL('../../docs/kubeflow-api.md', import.meta.url), 'utf8')
  const example = /```python\n(.*?)```/s.exec(guide)?.[1] ?? ''
  const folder = await mkdtemp(join(tmpdir(), 'winnow-kfp-guide-'))
  await using site = await openSite()
  try {
    const script = join(folder, 'guide.py')
    const seen = `
import json
tasks = {task.display_name: task.state for task in run.run_details.task_details}
outputs = run.plugins_output["winnow"].entries["outputs"].value
print(json.dumps({"tasks": tasks, "outputs": outputs, "runs": client.list_runs(experiment_id=autumn.experiment_id).total_size}))
`
    await writeFile(script, example + seen)
    const endpoint = `http://127.0.0.1:${site.platform.httpPort}`
    expect(await runWithKfp(script, [], folder, { KF_PIPELINES_ENDPOINT: endpoint })).toEqual({
      tasks: { root: 'SUCCEEDED', weigh: 'SUCCEEDED' },
      outputs: { Output: 200 },
      runs: 2,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 600_000)

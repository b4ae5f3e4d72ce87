import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAddresses } from '../src/platform/addresses.ts'
import { createJobEngine } from '../src/platform/engine/job-engine.ts'
import { createPythonEnvironments } from '../src/processes/python-environments.ts'
import { deepSpec, largeSpec, type Shape } from './large-spec.ts'

// The real engine with one large job, in a process of its own: node large-job.ts SHAPE SIZE. It prints its state, the
// seconds it took and the most memory that it held, in MiB. Without arguments it prints what it holds before any job.
const [shape = '', size = '0'] = process.argv.slice(2)
const root = await mkdtemp(join(tmpdir(), 'winnow-bench-large-'))
const refuse = () => Promise.reject(new Error('no services here'))
const told = (state: string, seconds: number): void =>
  console.log(JSON.stringify({ state, seconds, mebibytes: process.resourceUsage().maxRSS / 1024 }))
try {
  let end: (state: string) => void
  const ended = new Promise<string>((resolve) => {
    end = resolve
  })
  const engine = createJobEngine({
    root,
    environments: createPythonEnvironments({ folder: join(root, 'environments') }),
    findNative: () => async () => ({ parameters: { o: 'x' }, artifacts: {} }),
    services: { call: refuse, finish: refuse },
    addresses: createAddresses({ map: {}, root }),
    vertexEndpoint: () => '127.0.0.1:1',
    containers: 'refuse',
    onUpdate: (view) => {
      if (view.endedAt !== null) end(view.state)
    },
  })
  if (shape === '') told('idle', 0)
  else {
    const began = performance.now()
    await engine.start({
      resourceName: 'projects/p/locations/l/pipelineJobs/large',
      id: 'large',
      spec: shape === 'deep' ? deepSpec(Number(size)) : largeSpec(shape as Shape, Number(size)),
      parameters: {},
      labels: {},
      pipelineRoot: '',
    })
    told(await ended, (performance.now() - began) / 1000)
  }
  await engine.close()
} finally {
  await rm(root, { recursive: true, force: true, maxRetries: 3 })
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { taskEnvironment } from '../../src/platform/engine/task-environment.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'
import { runProcess } from '../../src/processes/run-process.ts'

const code = `
import asyncio
import google.auth
from google.api_core import grpc_helpers, grpc_helpers_async

credentials, project = google.auth.default()
print(type(credentials).__name__, project)
address = "europe-west4-aiplatform.googleapis.com:443"
say = grpc_helpers.create_channel(address, credentials=credentials).unary_unary("/test.Echo/Say")
print(say(b"hello", timeout=20).decode())

async def ask():
    say = grpc_helpers_async.create_channel(address, credentials=credentials).unary_unary("/test.Echo/Say")
    return (await say(b"again", timeout=20)).decode()

print(asyncio.run(ask()))
`

const same = (bytes: Buffer): Buffer => bytes
const listen = async (): Promise<{ server: Server; port: number }> => {
  const server = new Server()
  const say = { path: '/test.Echo/Say', requestStream: false, responseStream: false }
  const codec = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same }
  const implementation: UntypedServiceImplementation = {
    say: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) =>
      answer(null, Buffer.from(`echo of ${call.request.toString()}`)),
  }
  server.addService({ say: { ...say, ...codec } }, implementation)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  return { server, port }
}

it('leads unchanged clients of Google to the platform, and runs the sitecustomize that it hides', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-redirect-'))
  const { server, port } = await listen()
  try {
    const cache = process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache')
    const environment = await createPythonEnvironments({ folder: join(cache, 'environments') }).ensure([
      'google-api-core[grpc]==2.25.1',
    ])
    await writeFile(join(folder, 'sitecustomize.py'), 'print("the other one ran")\n')
    const place = {
      project: 'farm',
      location: 'local',
      vertexEndpoint: `127.0.0.1:${port}`,
      home: folder,
      temporary: folder,
    }
    // A proxy for the outside must not be asked for the loopback.
    const own = { PYTHONPATH: folder, http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' }
    const env = taskEnvironment(place, own)
    const result = await runProcess({ command: environment.python, args: ['-c', code], cwd: folder, env })
    expect(result.stderr).toBe('')
    expect(result.stdout.trim().split('\n')).toEqual([
      'the other one ran',
      'AnonymousCredentials farm',
      'echo of hello',
      'echo of again',
    ])
  } finally {
    server.forceShutdown()
    await rm(folder, { recursive: true, force: true })
  }
}, 300_000)

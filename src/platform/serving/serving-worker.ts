import { parentPort } from 'node:worker_threads'
import { env, InferenceSession, Tensor } from 'onnxruntime-web'
import type { ServingReply, ServingRequest } from './serving-protocol.ts'

// One thread and no proxy: this is the thread, and a machine that trains has no core to spare.
env.wasm.numThreads = 1
env.wasm.proxy = false
env.logLevel = 'error'

const sessions = new Map<number, InferenceSession>()
const nothing = (): Float32Array<ArrayBuffer> => new Float32Array(0)

const answer = async (request: ServingRequest): Promise<Float32Array<ArrayBuffer>> => {
  if (request.kind === 'load') {
    sessions.set(request.model, await InferenceSession.create(request.graph, { executionProviders: ['wasm'] }))
    return nothing()
  }
  const session = sessions.get(request.model)
  if (session === undefined) throw new Error('the model is not loaded')
  if (request.kind === 'unload') {
    sessions.delete(request.model)
    await session.release()
    return nothing()
  }
  const { rows, numeric, categorical, output } = request
  const feeds: Record<string, Tensor> = {}
  if (numeric.length > 0) feeds['numeric'] = new Tensor('float32', numeric, [rows, numeric.length / rows])
  if (categorical.length > 0)
    feeds['categorical'] = new Tensor('string', [...categorical], [rows, categorical.length / rows])
  const results = await session.run(feeds, [output])
  const values = results[output]?.data
  if (!(values instanceof Float32Array)) throw new Error(`the graph's output ${output} is not float32`)
  return Float32Array.from(values)
}

// One after the other: the runtime refuses a second run while one is under way.
let last: Promise<void> = Promise.resolve()
parentPort?.on('message', (request: ServingRequest) => {
  last = last.then(async () => {
    try {
      const values = await answer(request)
      const reply: ServingReply = { id: request.id, values }
      parentPort?.postMessage(reply, [values.buffer])
    } catch (error) {
      const reply: ServingReply = { id: request.id, error: error instanceof Error ? error.message : String(error) }
      parentPort?.postMessage(reply)
    }
  })
})

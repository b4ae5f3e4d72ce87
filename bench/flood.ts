import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Flooded {
  /** Answers a second. */
  readonly rate: number
  /** Milliseconds from the first byte sent to the last one answered, one for each request. */
  readonly latencies: readonly number[]
}

/** A POST as it goes over the wire: made before the clock runs, so that making it is nobody's time. */
export const postRequest = (path: string, headers: Readonly<Record<string, string>>, body: Buffer): Buffer => {
  const lines = Object.entries({ host: '127.0.0.1', 'content-length': String(body.length), ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), body])
}

/** Sends all requests over so many connections, each as soon as the one before it on its connection was answered 2xx. */
export const flood = async (url: string, requests: readonly Buffer[], connections: number): Promise<Flooded> => {
  const { hostname, port } = new URL(url)
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname).setNoDelay()
      await once(socket, 'connect')
      return socket
    }),
  )
  const latencies: number[] = []
  let next = 0
  const lane = async (socket: Socket): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const started = performance.now()
      socket.write(request)
      await answer(socket)
      latencies.push(performance.now() - started)
    }
    socket.destroy()
  }
  const started = performance.now()
  await Promise.all(sockets.map(lane))
  return { rate: (requests.length / (performance.now() - started)) * 1_000, latencies }
}

const answer = (socket: Socket): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let text = ''
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
    if (end < 0 || (length === undefined ? !text.endsWith('0\r\n\r\n') : text.length < end + 4 + Number(length))) return
    socket.off('data', onData)
    if (/^HTTP\/1\.1 2/.test(text)) resolve()
    else reject(new Error(`a request was answered: ${text.slice(0, 300)}`))
  }
  socket.on('data', onData)
  return promise
}

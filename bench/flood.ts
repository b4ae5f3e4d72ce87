import { once } from 'node:events'
import { connect } from 'node:net'

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

/**
 * Sends all requests over so many connections, each as soon as the one before it on its connection was answered 2xx.
 * It shares its machine with whom it asks, so it does next to nothing for a request.
 */
export const flood = async (url: string, requests: readonly Buffer[], connections: number): Promise<Flooded> => {
  const { hostname, port } = new URL(url)
  const latencies: number[] = []
  let next = 0

  /** Sends until there is nothing left, once it is told to begin. */
  const openLane = async (): Promise<() => Promise<void>> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let sent = 0
    let partial = ''
    const send = (): void => {
      const request = requests[next++]
      if (request === undefined) {
        resolve()
        socket.destroy()
        return
      }
      sent = performance.now()
      socket.write(request)
    }
    const onRead = (length: number, buffer: Uint8Array): boolean => {
      const answer = partial + (buffer as Buffer).toString('latin1', 0, length)
      if (!isWhole(answer)) {
        partial = answer
        return true
      }
      partial = ''
      latencies.push(performance.now() - sent)
      if (answer.startsWith('HTTP/1.1 2')) send()
      else socket.destroy(new Error(`a request was answered: ${answer.slice(0, 300)}`))
      return true
    }
    const onread = { buffer: Buffer.alloc(16_384), callback: onRead }
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread })
    await once(socket, 'connect')
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`the connection was closed in the middle of: ${partial}`)))
    return () => {
      send()
      return promise
    }
  }

  const lanes = await Promise.all(Array.from({ length: connections }, openLane))
  const started = performance.now()
  await Promise.all(lanes.map((begin) => begin()))
  return { rate: (requests.length / (performance.now() - started)) * 1_000, latencies }
}

/** Whether this is all of an answer: as long as its head says, or chunked to the last, empty one. */
const isWhole = (answer: string): boolean => {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(answer)?.[1]
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length)
}

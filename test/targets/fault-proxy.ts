import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'

/** `before`: the call never reaches the platform. `after`: it is carried out, and its answer is lost. */
export interface ProxyFault {
  readonly method: string
  readonly when: 'before' | 'after'
  readonly code: number
  times: number
}

/** A gRPC proxy on loopback that fails calls by their method's name, as broken networks and dying servers do. */
export const createFaultProxy = async (upstreamPort: () => number) => {
  const faults: ProxyFault[] = []
  const calls: string[] = []
  const sessions = new Set<http2.ServerHttp2Session>()
  const server = http2.createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const method = String(headers[':path']).split('/').at(-1) ?? ''
    calls.push(method)
    const fault = faults.find((one) => one.method === method && one.times > 0)
    if (fault !== undefined) fault.times -= 1
    const refuse = (code: number) => {
      if (stream.destroyed) return
      const status = { 'grpc-status': String(code), 'grpc-message': 'injected' }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true })
    }
    if (fault?.when === 'before') {
      stream.resume()
      return refuse(fault.code)
    }
    const upstream = http2.connect(`http://127.0.0.1:${upstreamPort()}`)
    upstream.on('error', () => refuse(14))
    const request = upstream.request({ ...headers, ':authority': `127.0.0.1:${upstreamPort()}` })
    request.on('error', () => refuse(14))
    request.on('close', () => upstream.close())
    stream.pipe(request)
    if (fault !== undefined) {
      request.resume()
      request.on('end', () => refuse(fault.code))
      return
    }
    let trailers: http2.IncomingHttpHeaders | undefined
    request.on('trailers', (received) => {
      trailers = received
    })
    request.on('response', (response, flags) => {
      if (stream.destroyed) return
      const endStream = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0
      stream.respond(response, { endStream, waitForTrailers: !endStream })
      stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
      if (!endStream) request.pipe(stream)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    inject: (method: string, when: ProxyFault['when'], code: number, times = 1) => {
      faults.push({ method, when, code, times })
    },
    close: async () => {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

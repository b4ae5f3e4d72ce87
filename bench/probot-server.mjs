import { generateKeyPairSync } from 'node:crypto'
import { Probot, Server } from 'probot'

// The peer of acknowledge: Probot's own server with a handler that does nothing. Arguments: its secret and its port.
const [, , secret, port] = process.argv
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
})
const server = new Server({
  host: '127.0.0.1',
  port: Number(port),
  Probot: Probot.defaults({ appId: 1, privateKey, secret, logLevel: 'warn' }),
})
await server.load((app) => {
  app.on('push', async () => {})
})
await server.start()
console.log(`http://127.0.0.1:${port}/api/github/webhooks`)

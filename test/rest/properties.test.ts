import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { routesOf } from '../../src/platform/api/rest/routes.ts'
import { readSchema } from '../../src/platform/api/schema.ts'
import { serviceNames } from '../../src/platform/services.ts'
import { openSite, type Site } from '../platform/site.ts'
import { anyMessage, anyPath } from './any-request.ts'
import { type Caller, caller } from './call.ts'

const schema = readSchema()
const services: readonly string[] = Object.values(serviceNames)
const routes = routesOf(schema, {}).filter(({ service }) => services.includes(service))

let site: Site
let call: Caller
beforeAll(async () => {
  site = await openSite()
  call = caller(site.platform.httpPort)
  await call('POST', '/v1/projects/p/locations/l/endpoints?endpointId=made', { displayName: 'made' })
})
afterAll(() => site?.[Symbol.asyncDispose]())

it('answers whatever is asked with what it is, or with whose fault it is: never its own', async () => {
  const anyCall = fc.constantFrom(...routes).chain((route) => {
    const field =
      route.rule.body === '*' ? undefined : route.rule.body?.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
    const type = field === undefined ? route.request : (schema.fields(route.request)?.get(field)?.type ?? '')
    const body = route.rule.body === undefined ? fc.constant(undefined) : anyMessage(schema, type)
    return fc.record({ verb: fc.constant(route.rule.verb), path: anyPath(route, ['p', 'l', 'made', 'none@1']), body })
  })
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ verb, path, body }) => {
      const { status, json } = await call(verb, path, body)
      if (status !== 200) expect(json.error).toMatchObject({ code: status, message: expect.stringMatching(/./) })
      expect([200, 400, 404, 409, 501], JSON.stringify(json)).toContain(status)
    }),
    { numRuns: 400 },
  )
}, 120_000)

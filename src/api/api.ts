import fastifySwagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import type { ArchiveFolder } from '../domain/archive.ts'
import { withArchives } from '../ledger/with-archives.ts'
import type { Log } from '../log.ts'
import { authorise, type Tokens } from './authorise.ts'
import { batchesApi } from './batches.ts'
import { changesApi, type LedgerStore } from './changes.ts'
import { type DecisionsPorts, decisionsApi } from './decisions.ts'
import { documentErrors } from './documented-errors.ts'
import { flowApi } from './flow.ts'
import { translateErrors } from './http-errors.ts'
import { type LivePorts, liveApi } from './live.ts'
import { type RefusalsPorts, refusalsApi } from './refusals.ts'
import { type RunsPorts, runsApi } from './runs.ts'
import { type ServingPorts, servingApi } from './serving.ts'
import { type SourcesPorts, sourcesApi } from './sources.ts'
import { type VerdictsPorts, verdictsApi } from './verdicts.ts'

export interface ApiPorts
  extends RunsPorts,
    ServingPorts,
    LivePorts,
    VerdictsPorts,
    DecisionsPorts,
    RefusalsPorts,
    SourcesPorts,
    Tokens {
  readonly store: LedgerStore & SourcesPorts['store']
  /** Where archived rows are read. */
  readonly archive?: Pick<ArchiveFolder, 'read'>
  /** True once the store answers and the roles of this process are up. */
  readonly ready: () => Promise<boolean>
  readonly version: string
  readonly log: Log
}

/** The controller's HTTP API: /api/v1 behind the token, /healthz and /readyz open. */
export const registerApi = async (app: FastifyInstance, ports: ApiPorts): Promise<void> => {
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  translateErrors(app, ports.log)
  await app.register(fastifySwagger, {
    openapi: {
      info: { title: 'Winnow', version: ports.version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  app.get('/healthz', { schema: { security: [] } }, async () => ({ ok: true, version: ports.version }))
  app.get('/readyz', { schema: { security: [] } }, async (_request, reply) => {
    const ready = await ports.ready()
    return reply.code(ready ? 200 : 503).send({ ready })
  })
  await app.register(
    async (scope) => {
      documentErrors(scope)
      authorise(scope, ports)
      await scope.register(changesApi(ports.store, ports.archive))
      await scope.register(batchesApi(ports.store))
      await scope.register(runsApi(ports))
      await scope.register(servingApi(ports))
      await scope.register(liveApi(ports))
      await scope.register(
        verdictsApi({
          ...ports,
          archivedVerdict: (id) => withArchives(ports.store, ports.archive).get('verdict', id),
        }),
      )
      await scope.register(decisionsApi(ports))
      await scope.register(flowApi(ports))
      await scope.register(refusalsApi(ports))
      await scope.register(sourcesApi(ports))
      scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
    },
    { prefix: '/api/v1' },
  )
}

import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeLinearModel } from './linear-model.ts'
import { finished, openSite, parent, refusal, type Site } from './site.ts'
import { value } from './wire-values.ts'

const [INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION] = [3, 5, 6, 9]

interface Uploaded {
  readonly model: string
  readonly modelVersionId: string
}
interface NamedEndpoint {
  readonly name: string
}
interface Deployed {
  readonly deployedModel: { readonly id: string }
}

let site: Site
let chance = 0
beforeAll(async () => {
  site = await openSite({ random: () => chance })
})
afterAll(() => site[Symbol.asyncDispose]())

const upload = async (factor: number, more: object = {}, request: object = {}): Promise<Uploaded> => {
  const artifactUri = await writeLinearModel(join(site.root, 'made', `times-${factor}`), factor)
  const model = { displayName: `times ${factor}`, artifactUri, ...more }
  return finished<Uploaded>(site.clients.models.uploadModel({ parent, model, ...request }))
}
const newEndpoint = async (displayName: string): Promise<string> =>
  (await finished<NamedEndpoint>(site.clients.endpoints.createEndpoint({ parent, endpoint: { displayName } }))).name
const deploy = async (endpoint: string, model: string, trafficSplit: Record<string, number>): Promise<string> =>
  (
    await finished<Deployed>(
      site.clients.endpoints.deployModel({ endpoint, deployedModel: { model, displayName: 'one' }, trafficSplit }),
    )
  ).deployedModel.id
const predict = async (endpoint: string, x: unknown) => {
  const [answer] = await site.clients.predictions.predict({ endpoint, instances: [value({ x: x as never })] })
  const fields = answer.predictions?.[0]?.structValue?.fields
  return { value: fields?.['value']?.numberValue, deployed: answer.deployedModelId, model: answer.model }
}

describe('models', () => {
  it('keeps versions, aliases and the digest of the files', async () => {
    const first = await upload(2, { labels: { team: 'growers' }, versionAliases: ['candidate'] })
    expect(first.modelVersionId).toBe('1')
    const second = await upload(3, { versionAliases: ['candidate'] }, { parentModel: first.model })
    expect(second).toMatchObject({ model: first.model, modelVersionId: '2' })
    const { models } = site.clients

    const [byDefault] = await models.getModel({ name: first.model })
    expect(byDefault).toMatchObject({
      name: first.model,
      versionId: '1',
      versionAliases: ['default'],
      labels: { team: 'growers' },
    })
    const [byAlias] = await models.getModel({ name: `${first.model}@candidate` })
    expect(byAlias).toMatchObject({ versionId: '2', displayName: 'times 3' })
    const [byVersion] = await models.getModel({ name: `${first.model}@2` })
    const digest = byVersion.metadata?.structValue?.fields?.['digest']?.stringValue
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(digest).not.toBe(byDefault.metadata?.structValue?.fields?.['digest']?.stringValue)

    await models.mergeVersionAliases({ name: `${first.model}@2`, versionAliases: ['default', 'live', '-candidate'] })
    const [versions] = await models.listModelVersions({ name: first.model })
    expect(versions.map(({ versionId, versionAliases }) => [versionId, versionAliases])).toEqual([
      ['2', ['default', 'live']],
      ['1', []],
    ])
    const missing = await refusal(models.getModel({ name: `${first.model}@candidate` }))
    expect(missing).toMatchObject({ code: NOT_FOUND, message: expect.stringContaining('"candidate"') })
  })

  it.each([
    ['a digit first', '1live'],
    ['one letter', 'x'],
    ['a hyphen last', 'live-'],
    ['129 letters', 'a'.repeat(129)],
  ])('refuses an alias with %s', async (_, alias) => {
    const { model } = await upload(2)
    const { models } = site.clients
    const answer = await refusal(models.mergeVersionAliases({ name: `${model}@1`, versionAliases: [alias] }))
    expect(answer.code).toBe(INVALID_ARGUMENT)
  })

  it('leaves the default to one version always', async () => {
    const { model } = await upload(2)
    await upload(3, {}, { parentModel: model })
    const { models } = site.clients
    expect(
      await refusal(models.mergeVersionAliases({ name: `${model}@1`, versionAliases: ['-default'] })),
    ).toMatchObject({ code: INVALID_ARGUMENT })
    expect(await refusal(models.mergeVersionAliases({ name: model, versionAliases: ['live'] }))).toMatchObject({
      code: INVALID_ARGUMENT,
    })
    expect(await refusal(finished(models.deleteModelVersion({ name: `${model}@1` })))).toMatchObject({
      code: FAILED_PRECONDITION,
    })
    await finished(models.deleteModelVersion({ name: `${model}@2` }))
    expect(await refusal(models.getModel({ name: `${model}@2` }))).toMatchObject({ code: NOT_FOUND })
    const third = await upload(4, {}, { parentModel: model })
    expect(third.modelVersionId).toBe('3')
  })

  it('copies a version with its files and says from where', async () => {
    const source = await upload(5)
    const { models } = site.clients
    const target = await upload(6)
    const copied = await finished<Uploaded>(
      models.copyModel({ parent, sourceModel: `${source.model}@1`, parentModel: target.model }),
    )
    expect(copied).toMatchObject({ model: target.model, modelVersionId: '2' })
    const [copy] = await models.getModel({ name: `${target.model}@2` })
    const [original] = await models.getModel({ name: source.model })
    expect(copy.originalModelInfo?.model).toBe(`${source.model}@1`)
    expect(copy.metadata).toEqual(original.metadata)
  })

  it('finds models by filter, page by page', async () => {
    const names = new Set<string>()
    for (const id of ['page-a', 'page-b', 'page-c'])
      names.add((await upload(2, { displayName: 'paged', labels: { id } }, { modelId: id })).model)
    const { models } = site.clients
    const options = { autoPaginate: false }
    const request = { parent, filter: 'display_name="paged" AND labels.id:*', pageSize: 2, orderBy: 'name' }
    const [first, , firstAnswer] = await models.listModels(request, options)
    expect(first.map(({ name }) => name)).toEqual([`${parent}/models/page-a`, `${parent}/models/page-b`])
    const pageToken = firstAnswer.nextPageToken ?? ''
    const [second, , secondAnswer] = await models.listModels({ ...request, pageToken }, options)
    expect(second.map(({ name }) => name)).toEqual([`${parent}/models/page-c`])
    expect(secondAnswer.nextPageToken).toBe('')
    const refused = await refusal(models.listModels({ parent, filter: 'colour="red"' }, options))
    expect(refused).toMatchObject({ code: INVALID_ARGUMENT, message: expect.stringContaining('colour') })
  })

  it.each<[string, object, number, string]>([
    ['no display name', { model: {} }, INVALID_ARGUMENT, 'display_name'],
    [
      'an unmapped address',
      { model: { displayName: 'm', artifactUri: 'gs://nowhere/m' } },
      INVALID_ARGUMENT,
      'gs://nowhere/m',
    ],
    [
      'a folder that is not there',
      { model: { displayName: 'm', artifactUri: '/no/such/folder' } },
      NOT_FOUND,
      '/no/such/folder',
    ],
    ['a bad id', { model: { displayName: 'm' }, modelId: '9lives' }, INVALID_ARGUMENT, 'model_id'],
    [
      'an unknown parent model',
      { model: { displayName: 'm' }, parentModel: `${parent}/models/none` },
      NOT_FOUND,
      'models/none',
    ],
    ['a malformed parent', { parent: 'here', model: { displayName: 'm' } }, INVALID_ARGUMENT, '"here"'],
  ])('refuses an upload with %s', async (_, request, code, part) => {
    const answer = await refusal(finished(site.clients.models.uploadModel({ parent, ...request })))
    expect(answer).toMatchObject({ code, message: expect.stringContaining(part) })
  })

  it('keeps evaluations and slices with the version', async () => {
    const { model } = await upload(2)
    await upload(3, {}, { parentModel: model })
    const { models } = site.clients
    const metrics = value({ auPrc: 0.97, logLoss: 0.1, nested: { deep: 'yes' } })
    const [made] = await models.importModelEvaluation({
      parent: `${model}@2`,
      modelEvaluation: { displayName: 'test', metrics: metrics, metricsSchemaUri: 'gs://schema' },
    })
    const [found] = await models.getModelEvaluation({ name: made.name ?? '' })
    expect(found.metrics?.structValue?.fields?.['auPrc']?.numberValue).toBe(0.97)
    const unversioned = (made.name ?? '').replace('@2', '')
    expect((await models.getModelEvaluation({ name: unversioned }))[0].name).toBe(made.name)
    expect((await models.listModelEvaluations({ parent: `${model}@2` }))[0]).toHaveLength(1)
    expect((await models.listModelEvaluations({ parent: `${model}@1` }))[0]).toHaveLength(0)

    const slice = { slice: { dimension: 'annotationSpec', value: 'SIRA' }, metrics: value({ recall: 0.5 }) }
    const [imported] = await models.batchImportModelEvaluationSlices({
      parent: made.name ?? '',
      modelEvaluationSlices: [slice],
    })
    const name = imported.importedModelEvaluationSlices?.[0] ?? ''
    const [slices] = await models.listModelEvaluationSlices({
      parent: made.name ?? '',
      filter: 'slice.dimension="annotationSpec"',
    })
    expect(slices.map((each) => [each.name, each.slice?.value])).toEqual([[name, 'SIRA']])
    const [one] = await models.getModelEvaluationSlice({ name })
    expect(one.metrics?.structValue?.fields?.['recall']?.numberValue).toBe(0.5)

    await finished(models.deleteModel({ name: model }))
    expect(await refusal(models.getModelEvaluation({ name: made.name ?? '' }))).toMatchObject({ code: NOT_FOUND })
  })
})

describe('endpoints', () => {
  it('moves traffic from one version to another and back in single steps', async () => {
    const first = await upload(2)
    await upload(3, {}, { parentModel: first.model })
    const endpoint = await newEndpoint('moves')
    const old = await deploy(endpoint, `${first.model}@1`, { 0: 100 })
    const fresh = await deploy(endpoint, `${first.model}@2`, { [old]: 100, 0: 0 })
    chance = 0.999
    expect(await predict(endpoint, 5)).toEqual({ value: 10, deployed: old, model: first.model })

    const { endpoints } = site.clients
    const split = (trafficSplit: Record<string, number>) =>
      endpoints.updateEndpoint({ endpoint: { name: endpoint, trafficSplit }, updateMask: { paths: ['traffic_split'] } })
    await split({ [old]: 90, [fresh]: 10 })
    const keys = Object.keys((await endpoints.getEndpoint({ name: endpoint }))[0].trafficSplit ?? {})
    chance = keys[0] === old ? 0.899 : 0.1
    expect((await predict(endpoint, 5)).value).toBe(10)
    chance = keys[0] === old ? 0.9 : 0.099
    expect((await predict(endpoint, 5)).value).toBe(15)

    const stillUsed = await refusal(finished(endpoints.undeployModel({ endpoint, deployedModelId: old })))
    expect(stillUsed).toMatchObject({ code: FAILED_PRECONDITION, message: expect.stringContaining('90 %') })
    await split({ [fresh]: 100 })
    await finished(endpoints.undeployModel({ endpoint, deployedModelId: old }))
    const [left] = await endpoints.getEndpoint({ name: endpoint })
    expect(left.deployedModels?.map(({ id }) => id)).toEqual([fresh])
    expect(left.trafficSplit).toEqual({ [fresh]: 100 })
    expect(await refusal(finished(endpoints.deleteEndpoint({ name: endpoint })))).toMatchObject({
      code: FAILED_PRECONDITION,
    })
    expect(await refusal(finished(site.clients.models.deleteModel({ name: first.model })))).toMatchObject({
      code: FAILED_PRECONDITION,
      message: expect.stringContaining(endpoint),
    })
    await finished(endpoints.undeployModel({ endpoint, deployedModelId: fresh }))
    expect((await endpoints.getEndpoint({ name: endpoint }))[0].trafficSplit).toEqual({})
    await finished(endpoints.deleteEndpoint({ name: endpoint }))
    expect(await refusal(endpoints.getEndpoint({ name: endpoint }))).toMatchObject({ code: NOT_FOUND })
  })

  it.each<[string, Record<string, number>, string]>([
    ['99', { one: 99 }, 'sums to 99'],
    ['101', { one: 101 }, '101'],
    ['an unknown id', { 77: 100 }, '"77"'],
    ['a negative share', { one: 110, two: -10 }, '110'],
  ])('refuses a split of %s', async (_, split, part) => {
    const { model } = await upload(2)
    const endpoint = await newEndpoint('splits')
    const one = await deploy(endpoint, model, { 0: 100 })
    const two = await deploy(endpoint, model, { [one]: 100 })
    const ids: Record<string, string> = { one, two }
    const trafficSplit = Object.fromEntries(Object.entries(split).map(([key, share]) => [ids[key] ?? key, share]))
    const update = { endpoint: { name: endpoint, trafficSplit }, updateMask: { paths: ['traffic_split'] } }
    expect(await refusal(site.clients.endpoints.updateEndpoint(update))).toMatchObject({
      code: INVALID_ARGUMENT,
      message: expect.stringContaining(part),
    })
    expect((await site.clients.endpoints.getEndpoint({ name: endpoint }))[0].trafficSplit).toEqual({ [one]: 100 })
  })

  it('fails the deployment of a model that does not load, and gives it no traffic', async () => {
    const folder = join(site.root, 'made', 'broken')
    await cp(await writeLinearModel(join(site.root, 'made', 'whole'), 9), folder, { recursive: true })
    await writeFile(join(folder, 'model.onnx'), 'this is no graph')
    const { model } = await upload(1, { artifactUri: folder })
    const endpoint = await newEndpoint('broken')
    const answer = await refusal(deploy(endpoint, model, { 0: 100 }))
    expect(answer).toMatchObject({ code: FAILED_PRECONDITION, message: expect.stringContaining('model.onnx') })
    const [after] = await site.clients.endpoints.getEndpoint({ name: endpoint })
    expect(after).toMatchObject({ deployedModels: [], trafficSplit: {} })
    expect(await refusal(predict(endpoint, 1))).toMatchObject({ code: FAILED_PRECONDITION })
  })

  it('serves what was uploaded, whatever becomes of the source', async () => {
    const { model } = await upload(7)
    await rm(join(site.root, 'made', 'times-7'), { recursive: true })
    const endpoint = await newEndpoint('kept')
    await deploy(endpoint, model, { 0: 100 })
    chance = 0
    expect((await predict(endpoint, '6')).value).toBe(42)
  })

  it('names the field of an instance that does not fit', async () => {
    const { model } = await upload(2)
    const endpoint = await newEndpoint('instances')
    expect(await refusal(predict(endpoint, 1))).toMatchObject({ code: FAILED_PRECONDITION })
    await deploy(endpoint, model, { 0: 100 })
    const { predictions } = site.clients
    expect(await refusal(predict(endpoint, 'many'))).toMatchObject({
      code: INVALID_ARGUMENT,
      message: expect.stringContaining('"x"'),
    })
    expect(await refusal(predictions.predict({ endpoint, instances: [] }))).toMatchObject({ code: INVALID_ARGUMENT })
    const nowhere = `${parent}/endpoints/none`
    expect(await refusal(predictions.predict({ endpoint: nowhere, instances: [value({ x: 1 })] }))).toMatchObject({
      code: NOT_FOUND,
    })
  })

  it('takes an id of the caller once, and updates only what the mask names', async () => {
    const { endpoints } = site.clients
    const request = { parent, endpoint: { displayName: 'named', labels: { a: '1' } }, endpointId: 'beans-prod' }
    const { name } = await finished<NamedEndpoint>(endpoints.createEndpoint(request))
    expect(name).toBe(`${parent}/endpoints/beans-prod`)
    expect(await refusal(finished(endpoints.createEndpoint(request)))).toMatchObject({ code: ALREADY_EXISTS })
    const bad = await refusal(finished(endpoints.createEndpoint({ ...request, endpointId: 'Beans' })))
    expect(bad).toMatchObject({ code: INVALID_ARGUMENT })
    const endpoint = { name, displayName: 'renamed', labels: {} }
    const [changed] = await endpoints.updateEndpoint({ endpoint, updateMask: { paths: ['display_name'] } })
    expect(changed).toMatchObject({ displayName: 'renamed', labels: { a: '1' } })
    const readOnly = await refusal(endpoints.updateEndpoint({ endpoint, updateMask: { paths: ['deployed_models'] } }))
    expect(readOnly).toMatchObject({ code: INVALID_ARGUMENT, message: expect.stringContaining('deployedModels') })
    const [found] = await endpoints.listEndpoints({ parent, filter: 'display_name="renamed"' })
    expect(found.map((each) => each.name)).toEqual([name])
  })

  it('changes a deployed model by its mask', async () => {
    const { model } = await upload(2)
    const endpoint = await newEndpoint('mutated')
    const id = await deploy(endpoint, model, { 0: 100 })
    const { endpoints } = site.clients
    const change = {
      endpoint,
      deployedModel: { id, enableAccessLogging: true },
      updateMask: { paths: ['enable_access_logging'] },
    }
    await finished(endpoints.mutateDeployedModel(change))
    const [after] = await endpoints.getEndpoint({ name: endpoint })
    expect(after.deployedModels?.[0]).toMatchObject({ id, enableAccessLogging: true, displayName: 'one' })
    const unknown = { ...change, deployedModel: { id: '5' } }
    expect(await refusal(finished(endpoints.mutateDeployedModel(unknown)))).toMatchObject({ code: NOT_FOUND })
  })
})

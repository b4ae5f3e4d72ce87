/** What executeComponent needs to know of a component besides its function. */
export interface NodeInterface {
  readonly name: string
  /** Kinds of output parameters, such as `NUMBER_INTEGER`, by name. */
  readonly parameters: Readonly<Record<string, string>>
  readonly inputLists: readonly string[]
  readonly outputLists: readonly string[]
}

/**
 * Runs a component's function by KFP's executor contract: `--executor_input JSON` in, a file with parameters and artifacts
 * out. Its own source travels with the component, so it uses nothing from around it.
 */
export const executeComponent = async (
  run: (inputs: never, outputs: never) => unknown,
  { name, parameters, inputLists, outputLists }: NodeInterface,
): Promise<void> => {
  const { mkdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const { dirname } = process.getBuiltinModule('node:path')
  type RuntimeArtifact = {
    name?: string
    uri?: string
    metadata?: Record<string, unknown>
    customPath?: string
    type?: { schemaTitle?: string }
  }
  const text = process.argv[process.argv.indexOf('--executor_input') + 1]
  const { inputs = {}, outputs = {} } = JSON.parse(text ?? '{}')

  const mounted = (uri: string): string =>
    uri.startsWith('file://')
      ? decodeURIComponent(new URL(uri).pathname)
      : uri.replace(/^(gs|s3|minio):\/\//, (_, scheme) => `/${scheme === 'gs' ? 'gcs' : scheme}/`)
  const artifactOf = ({ name = '', uri = '', metadata = {}, customPath, type }: RuntimeArtifact) => ({
    name,
    uri,
    path: customPath ?? mounted(uri),
    metadata: { ...metadata },
    type: type?.schemaTitle ?? 'system.Artifact',
  })
  type RunArtifact = ReturnType<typeof artifactOf>
  const artifactsOf = (
    all: Record<string, { artifacts?: RuntimeArtifact[] }> | undefined,
    lists: readonly string[],
  ) => {
    const found: Record<string, RunArtifact | RunArtifact[]> = {}
    for (const [key, { artifacts = [] }] of Object.entries(all ?? {})) {
      const [first] = artifacts
      if (lists.includes(key)) found[key] = artifacts.map(artifactOf)
      else if (first !== undefined) found[key] = artifactOf(first)
    }
    return found
  }
  const given = { ...inputs.parameterValues, ...artifactsOf(inputs.artifacts, inputLists) }
  const written = artifactsOf(outputs.artifacts, outputLists)
  for (const artifact of Object.values(written).flat())
    if (artifact.path.startsWith('/')) mkdirSync(dirname(artifact.path), { recursive: true })

  const fits: Record<string, (value: unknown) => boolean> = {
    STRING: (value) => typeof value === 'string',
    NUMBER_INTEGER: (value) => Number.isSafeInteger(value),
    NUMBER_DOUBLE: (value) => typeof value === 'number',
    BOOLEAN: (value) => typeof value === 'boolean',
    LIST: (value) => Array.isArray(value),
    STRUCT: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  }
  const result = (await run(given as never, written as never)) as Record<string, unknown> | undefined
  const parameterValues: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(parameters)) {
    const value = result?.[key]
    if (value === undefined) throw new Error(`component ${name} gave no value for its output "${key}" (${kind})`)
    if (fits[kind]?.(value) === false)
      throw new Error(
        `component ${name} gave its output "${key}" (${kind}) the value ${JSON.stringify(value) ?? typeof value}`,
      )
    parameterValues[key] = value
  }
  for (const key of Object.keys(result ?? {}))
    if (!(key in parameters)) throw new Error(`component ${name} gave "${key}", which it does not declare as an output`)
  const artifacts = Object.fromEntries(
    Object.entries(written).map(([key, value]) => [
      key,
      { artifacts: [value].flat().map(({ name, uri, metadata }) => ({ name, uri, metadata })) },
    ]),
  )
  if (outputs.outputFile === undefined) return
  mkdirSync(dirname(outputs.outputFile), { recursive: true })
  writeFileSync(outputs.outputFile, JSON.stringify({ parameterValues, artifacts }))
}

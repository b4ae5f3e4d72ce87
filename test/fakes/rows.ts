import { digestJson } from '../../src/domain/digest.ts'
import type { ModelVersion } from '../../src/domain/evidence.ts'
import type { NewRow } from '../../src/domain/ports/store.ts'
import type { Receipt } from '../../src/domain/verdict.ts'

export const someCandidate: ModelVersion = {
  model: 'models/trained-1',
  version: '1',
  displayName: 'trained',
  aliases: [],
  artifactUri: 'file:///artifacts/model',
  digest: digestJson('the bytes of the model'),
}

export const someReceipt = (over: Partial<Receipt> = {}): Receipt => ({
  outcome: 'pass',
  reason: 'its one gate passed',
  gates: [],
  policy: { path: 'policies/beans.yaml', digest: digestJson('policy'), commit: 'c'.repeat(40) },
  candidate: someCandidate,
  evidence: { metrics: {}, perClass: {}, confusion: null, sources: [], digest: digestJson('evidence') },
  irDigest: digestJson('ir'),
  manifestDigest: digestJson([]),
  winnow: '0.0.0-test',
  ...over,
})

export const someRelease = (over: Partial<NewRow<'release'>> = {}): NewRow<'release'> => ({
  verdict: 1,
  run: 1,
  repository: 'acme/beans',
  model: 'beans',
  environment: 'dev',
  target: 'local',
  endpointName: 'beans',
  state: 'queued',
  reason: '',
  candidate: someCandidate,
  latestRun: over.run ?? 1,
  receiptDigest: digestJson('receipt'),
  registered: null,
  endpoint: null,
  deployedModel: null,
  previous: null,
  operation: null,
  createdAt: 0,
  endedAt: null,
  nextAt: 0,
  failures: 0,
  ...over,
})

export const someRun = (over: Partial<NewRow<'run'>> = {}): NewRow<'run'> => ({
  change: 1,
  batch: null,
  repository: 'acme/beans',
  commit: 'c'.repeat(40),
  pipeline: 'beans',
  source: { kind: 'ir', file: 'pipelines/beans.json' },
  parameters: {},
  manifest: [],
  target: 'local',
  model: 'beans',
  policy: 'policies/beans.yaml',
  mode: 'run',
  attempt: 1,
  state: 'wanted',
  reason: '',
  details: [],
  build: null,
  identity: null,
  jobId: null,
  reusedRun: null,
  tasks: [],
  cancelRequested: false,
  createdAt: 0,
  launchedAt: null,
  endedAt: null,
  nextAt: 0,
  failures: 0,
  ...over,
})

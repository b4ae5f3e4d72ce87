import { z } from 'zod'
import { globFault } from './declarations/glob.ts'
import { parseDuration } from './domain/time.ts'
import { sourceFaults } from './source-faults.ts'

/** A secret is named, never written down: an environment variable, a file or Google Secret Manager holds it. */
const SecretReference = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({
    secretManager: z
      .string()
      .regex(
        /^projects\/[a-z0-9:.-]+\/secrets\/[A-Za-z0-9_-]{1,255}\/versions\/(?:[1-9]\d*|[a-z][A-Za-z0-9_-]*)$/,
        'projects/P/secrets/S/versions/V',
      ),
  }),
])
export type SecretReference = z.infer<typeof SecretReference>

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a name of lower-case letters, digits and dashes')

const shortestPoll = 10_000
const longestPoll = 86_400_000

// The config is parsed a second time after its overrides, when this is milliseconds already.
const Poll = z.union([z.string(), z.number()]).transform((text, context) => {
  const every = typeof text === 'number' ? text : parseDuration(text)
  if (every !== undefined && every >= shortestPoll && every <= longestPoll) return every
  context.addIssue({ code: 'custom', message: `expected a duration from 10s to 1d, such as 5m, got ${text}` })
  return z.NEVER
})

const dayLength = 86_400_000

const Retention = z.strictObject({
  /** How long after its end a change stays in the store with all that came of it. */
  after: z.union([z.string(), z.number()]).transform((text, context) => {
    const after = typeof text === 'number' ? text : parseDuration(text)
    if (after !== undefined && after >= dayLength && after <= 36_500 * dayLength) return after
    context.addIssue({ code: 'custom', message: `expected a duration of a day or more, such as 90d, got ${text}` })
    return z.NEVER
  }),
  /** A folder for what leaves the store; each worker writes there, and each web process reads there. */
  archive: z.string().min(1),
})

const DeclarationPattern = z.string().superRefine((pattern, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  const fault = globFault(pattern)
  if (fault !== undefined) return refuse(`expected a pattern, ${fault}`)
  if (!/^!?(?:.*\/)?winnow\.yaml$/.test(pattern) || /^!?(?:\.?\/|.*\/\.\.?\/)/.test(pattern))
    return refuse(`expected the path of a winnow.yaml from the repository's root, such as ml/*/winnow.yaml`)
})
const Concurrency = z.int().min(1).max(1_000)

const RepositoryConfig = z
  .strictObject({
    host: z.enum(['git', 'github', 'gitlab', 'gitea', 'forgejo', 'bitbucket']),
    /** What Winnow fetches from; a payload's own URL is never used. */
    url: z.string().min(1),
    /** `owner/name` as the host spells it (GitLab: with all groups; Bitbucket Data Center: `PROJECT/slug`). */
    fullName: z
      .string()
      .regex(/^~?[\w.-]+(?:\/[\w.-]+)+$/, 'owner/name')
      .optional(),
    defaultBranch: z.string().min(1).default('main'),
    /** Webhook secrets; two may live at once while one is rotated. */
    secrets: z.array(SecretReference).min(1).max(2),
    /** Reads a private repository over https. */
    accessToken: SecretReference.optional(),
    /** What its winnow.yaml may use; the bounds are the operator's, not the repository's. */
    targets: z.array(Name).min(1),
    environments: z.array(Name).default([]),
    /** Pull requests of forks: never compiled, or planned in a sandbox without network and credentials. */
    forks: z.enum(['refuse', 'sandbox']).default('refuse'),
    /** Patterns of the winnow.yaml that count, as GitHub Actions has them; paths in each start at its folder. */
    declarations: z.array(DeclarationPattern).min(1).max(20).default(['winnow.yaml']),
    /** How often its branches and tags are looked at for pushes that the host never delivered; without it never. */
    poll: Poll.optional(),
    /** Other repositories whose models and pipelines its own may wait for. */
    upstream: z.array(Name).max(100).default([]),
    /** How many of its runs may be under way at once; without it as many as come. */
    concurrency: Concurrency.optional(),
    /** Where its relative `file:` data addresses start. */
    dataRoot: z.string().optional(),
  })
  .superRefine(({ host, fullName, forks }, context) => {
    if (host === 'git' && forks === 'sandbox')
      context.addIssue({ code: 'custom', path: ['forks'], message: 'a plain git server has no pull requests' })
    if (host !== 'git' && fullName === undefined)
      context.addIssue({ code: 'custom', path: ['fullName'], message: `host: ${host} needs fullName: owner/name` })
  })

const OwnOrHttps = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => url.startsWith('https:') || /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(url).hostname),
    'an address with https:, or of this machine',
  )

/** What Google signs: the token of a Pub/Sub push or of Eventarc. */
const GooglePush = z.strictObject({
  /** As the subscription or the trigger names it; usually the URL that it calls. */
  audience: z.string().min(1),
  /** The service account that the token must be of. */
  email: z.string().min(3),
})

const SubscriptionName = z
  .string()
  .regex(/^projects\/[^/]+\/subscriptions\/[^/]+$/, 'projects/PROJECT/subscriptions/SUBSCRIPTION')

const PubsubPull = z.strictObject({
  subscription: SubscriptionName,
  /** The subscription of its dead-letter topic: what comes there is kept, and shown by `winnow sources`. */
  deadLetters: SubscriptionName.optional(),
  /** Instead of Google's own: an emulator. */
  endpoint: z.url().optional(),
})

/** `gs://bucket/`, `gs://bucket/prefix/`, `s3://bucket/`, `bq://project.dataset` or `bq://project.dataset.table`. */
const DataAddress = z
  .string()
  .regex(
    /^(?:(?:gs|s3):\/\/[a-z0-9][\w.-]{1,220}[a-z0-9]\/(?:.*\/)?|bq:\/\/[\w.:-]+\.\w+(?:\.[\w-]+)?)$/,
    'gs://bucket/, gs://bucket/prefix/, s3://bucket/, bq://project.dataset or bq://project.dataset.table',
  )

/** Where data comes from, who may tell of it, and which repositories it may start. */
const SourceConfig = z
  .strictObject({
    kind: z.enum(['gcs', 's3', 'bigquery', 'events']),
    /** What it may speak for; an address outside of these is refused. */
    addresses: z.array(DataAddress).min(1).max(100),
    /** The repositories whose data triggers may ask for it. */
    repositories: z.array(Name).min(1),
    /** Pub/Sub push and Eventarc; without it neither is believed. */
    push: GooglePush.optional(),
    /** Pub/Sub pull; without it nothing is pulled. */
    pull: PubsubPull.optional(),
    /** Secrets of `events` and `s3`, which sign what they send or carry it as a bearer token; two while one is rotated. */
    secrets: z.array(SecretReference).max(2).default([]),
    /** How often it is listed, for sources that send nothing or might lose something. */
    poll: Poll.optional(),
    /** Instead of the vendor's own: an emulator, or a store that speaks S3. */
    endpoint: z.url().optional(),
    /** Of S3. */
    region: z.string().min(1).optional(),
    credentials: z.strictObject({ accessKeyId: SecretReference, secretAccessKey: SecretReference }).optional(),
  })
  .superRefine((source, context) => {
    for (const { path, message } of sourceFaults(source)) context.addIssue({ code: 'custom', path: [...path], message })
  })

const TargetConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local'), concurrency: Concurrency.optional() }),
  z.strictObject({
    kind: z.literal('vertex'),
    project: z.string().min(1),
    location: z.string().min(1),
    pipelineRoot: z.string().startsWith('gs://'),
    /** Where manifests are written for its runs, if not below pipelineRoot. S3 needs a source of the config that has the address. */
    manifests: z
      .string()
      .regex(
        /^(?:gs|s3):\/\/[a-z0-9][\w.-]{1,220}[a-z0-9]\/(?:.*\/)?$/,
        'gs://bucket/, gs://bucket/prefix/ or s3://bucket/',
      )
      .optional(),
    serviceAccount: z.string().optional(),
    /** How many runs it may execute at once; without it as many as come. */
    concurrency: Concurrency.optional(),
  }),
])

export const ConfigFile = z.strictObject({
  version: z.literal(1),
  listen: z
    .strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8_085) })
    .prefault({}),
  dataFolder: z.string().default('.winnow'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  role: z.enum(['web', 'worker', 'all']).default('all'),
  /** Interpreter that Python environments are made with. */
  python: z.string().optional(),
  /** How many jobs one worker process does at once. */
  concurrency: z.int().min(1).max(64).default(8),
  repositories: z.record(Name, RepositoryConfig),
  /** Without it everything stays in the store. */
  retention: Retention.optional(),
  /** Buckets, tables and senders of events whose data starts pipelines. */
  sources: z.record(Name, SourceConfig).default({}),
  /** Who may decide: approve, reject, and, of the group `operators`, hold, release and override. */
  people: z
    .record(
      Name.refine((name) => !['operator', 'winnow'].includes(name), 'a name that Winnow does not use itself'),
      z.strictObject({
        groups: z.array(Name).max(50).default([]),
        /** What the person sends as WINNOW_TOKEN. */
        token: SecretReference,
        /** How senders name the person as the author of a change. */
        knownAs: z.array(z.string().min(1).max(200)).max(20).default([]),
      }),
    )
    .default({}),
  /** Whose tokens are believed of Pub/Sub push and Eventarc. */
  google: z
    .strictObject({
      /** Its public keys. Another address than Google's own is for tests and for clouds that stand in for it. */
      certsUrl: OwnOrHttps.default('https://www.googleapis.com/oauth2/v3/certs'),
      /** Where secrets of `secretManager` are read. A token of Google's goes there, to this machine none. */
      secretManagerUrl: OwnOrHttps.default('https://secretmanager.googleapis.com'),
    })
    .prefault({}),
  /** What one process takes in; what is over it gets 429 and may be sent again. */
  limits: z
    .strictObject({
      /** Deliveries of one sender for one repository or source, a minute and at once. */
      perMinute: z.int().min(1).max(1_000_000).default(60_000),
      /** Requests of one address that prove nothing. */
      failuresPerMinute: z.int().min(1).max(1_000_000).default(600),
    })
    .prefault({}),
  targets: z.record(Name, TargetConfig).default({ local: { kind: 'local' } }),
  /** The embedded platform; it runs where a target of kind `local` is declared. */
  platform: z
    .strictObject({
      port: z.int().min(0).max(65_535).default(0),
      httpPort: z.int().min(0).max(65_535).default(0),
      containers: z.enum(['auto', 'docker', 'podman', 'host', 'refuse']).default('auto'),
      sandbox: z.enum(['auto', 'require', 'off']).default('auto'),
      /** Whether tasks may reach anything, the platform included. */
      network: z.enum(['allow', 'none']).default('allow'),
      /** Minutes that one attempt at a task may take; without it there is no end. */
      taskTimeoutMinutes: z.number().positive().optional(),
      /** `gs://…` or `bq://…` address, or `gs://bucket/prefix/` → local file or folder. */
      addresses: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
})
export type ConfigFile = z.infer<typeof ConfigFile>

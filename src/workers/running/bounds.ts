/** What the controller's own config allows a repository to use; its winnow.yaml can ask for no more. */
export interface RepositoryBounds {
  /** The protected branch: policies, environments and data triggers are read from its head. */
  readonly defaultBranch: string
  readonly targets: readonly string[]
  /** `sandbox`: pull requests of forks are planned. */
  readonly forks?: 'refuse' | 'sandbox'
  /** Patterns of the winnow.yaml that count; without them the one at the root. */
  readonly declarations?: readonly string[]
  /** Environment names, or undefined where the repository may name its own. */
  readonly environments?: readonly string[]
  /** Addresses of data, beside folders, that its triggers may name: those of the sources that name the repository. */
  readonly addresses?: readonly string[]
  /** Other repositories whose models and pipelines its pipelines may wait for. */
  readonly upstream?: readonly string[]
  /** How many of its runs may be under way at once; without it as many as come. */
  readonly concurrency?: number | undefined
}

/** The bounds of a repository, or undefined where the config does not name it. */
export type Bounds = (repository: string) => RepositoryBounds | undefined

import { describe, expect, it } from 'vitest'
import { matchPullRequest, matchPush, matchPushes, matchRelease } from './match-trigger.ts'
import { parseWinnowYaml } from './winnow-yaml.ts'

const trigger = { branches: ['main', 'release/**'], paths: ['pipelines/**', '!**/*.md'] }
const push = (ref: string, paths?: readonly string[]) => ({ ref, deleted: false, paths })

describe('a push', () => {
  it.each([
    ['refs/heads/main', ['README.md', 'pipelines/a.py'], 'push to main changed pipelines/a.py'],
    ['refs/heads/release/1.0', ['pipelines/deep/a.py'], 'push to release/1.0 changed pipelines/deep/a.py'],
  ])('to %s with %j matches', (ref, paths, reason) => {
    expect(matchPush(trigger, push(ref, paths))).toEqual({ outcome: 'match', reason })
  })

  it.each([
    ['refs/heads/feature', ['pipelines/a.py'], 'branch is feature, main, release/** are wanted'],
    ['refs/heads/mainline', ['pipelines/a.py'], 'branch is mainline, main, release/** are wanted'],
    ['refs/heads/main', ['README.md'], 'changed README.md, pipelines/**, !**/*.md are wanted'],
    ['refs/heads/main', ['pipelines/README.md'], 'changed pipelines/README.md, pipelines/**, !**/*.md are wanted'],
    ['refs/heads/main', [], 'changed no file, pipelines/**, !**/*.md are wanted'],
    ['refs/heads/main', ['a', 'b', 'c', 'd'], 'changed a, b, c and 1 more, pipelines/**, !**/*.md are wanted'],
    ['refs/tags/v1', ['pipelines/a.py'], 'v1 is a tag, branches are wanted'],
    ['refs/pull/1/head', ['pipelines/a.py'], 'refs/pull/1/head is no branch'],
  ])('to %s with %j does not match', (ref, paths, reason) => {
    expect(matchPush(trigger, push(ref, paths))).toEqual({ outcome: 'noMatch', reason })
  })

  it('that deletes a branch does not match', () => {
    const deleted = { ref: 'refs/heads/main', deleted: true, paths: [] }
    expect(matchPush(trigger, deleted)).toEqual({ outcome: 'noMatch', reason: 'branch main was deleted' })
  })

  it('asks for paths only where they decide', () => {
    expect(matchPush(trigger, push('refs/heads/main'))).toEqual({ outcome: 'needsPaths' })
    expect(matchPush(trigger, push('refs/heads/other')).outcome).toBe('noMatch')
    expect(matchPush({ branches: ['main'], paths: ['**'] }, push('refs/heads/main')).outcome).toBe('match')
  })

  it('does not match where no push starts it', () => {
    expect(matchPush(null, push('refs/heads/main', []))).toEqual({
      outcome: 'noMatch',
      reason: 'it has no push trigger',
    })
  })
})

describe('a tag', () => {
  const tagged = { branches: [], tags: ['v*', '!v*-rc*', 'v2-rc1'], paths: ['pipelines/**'] }
  it.each([
    ['refs/tags/v1', { outcome: 'match', reason: 'tag v1' }],
    ['refs/tags/v2-rc1', { outcome: 'match', reason: 'tag v2-rc1' }],
    ['refs/tags/v1-rc1', { outcome: 'noMatch', reason: 'tag is v1-rc1, v*, !v*-rc*, v2-rc1 are wanted' }],
    ['refs/tags/release/v1', { outcome: 'noMatch', reason: 'tag is release/v1, v*, !v*-rc*, v2-rc1 are wanted' }],
    ['refs/heads/v1', { outcome: 'noMatch', reason: 'v1 is a branch, tags are wanted' }],
  ])('%s is matched by the last pattern that fits, and paths do not count', (ref, match) => {
    expect(matchPush(tagged, push(ref, []))).toEqual(match)
    expect(matchPush(tagged, push(ref))).toEqual(match)
  })

  it('that is deleted starts nothing', () => {
    expect(matchPush(tagged, { ref: 'refs/tags/v1', deleted: true, paths: [] })).toEqual({
      outcome: 'noMatch',
      reason: 'tag v1 was deleted',
    })
  })
})

describe('a release', () => {
  const published = { types: ['published', 'edited'], tags: ['v*'] } as const
  it.each([
    ['published', 'v1', 'match', 'release v1 was published'],
    ['edited', 'v1', 'match', 'release v1 was edited'],
    ['deleted', 'v1', 'noMatch', 'release v1 was deleted, published, edited are wanted'],
    ['published', 'w1', 'noMatch', 'tag is w1, v* is wanted'],
  ])('%s of %s', (action, tag, outcome, reason) => {
    expect(matchRelease(published, { action, ref: `refs/tags/${tag}` })).toEqual({ outcome, reason })
  })

  it('starts nothing where no release is wanted', () => {
    expect(matchRelease(null, { action: 'published', ref: 'refs/tags/v1' }).outcome).toBe('noMatch')
  })
})

const parsed = parseWinnowYaml(
  `version: 1
pipelines:
  beans: {kfp: a.py, on: {push: {branches: [main]}, pullRequest: {}}}
  peas: {kfp: b.py, on: {push: {branches: [main], paths: [peas/**]}}}
`,
  'winnow.yaml',
)
if (!parsed.ok) throw new Error('the fixture is wrong')
const yaml = parsed.value

describe('a repository', () => {
  it('starts what matches and asks for the paths of the rest', () => {
    const first = matchPushes(yaml, push('refs/heads/main'))
    expect(first.started.map(({ pipeline }) => pipeline.name)).toEqual(['beans'])
    expect(first.needsPaths).toBe(true)
    const second = matchPushes(yaml, push('refs/heads/main', ['peas/x']))
    expect(second.started.map(({ pipeline }) => pipeline.name)).toEqual(['beans', 'peas'])
    expect(second.needsPaths).toBe(false)
  })

  it('says once why nothing starts where all have one reason, else by pipeline', () => {
    expect(matchPushes(yaml, push('refs/heads/feature')).reason).toBe(
      'no trigger matches: branch is feature, main is wanted',
    )
    const peasOnly = {
      ...yaml,
      pipelines: yaml.pipelines.map((p) => (p.name === 'beans' ? { ...p, on: { ...p.on, push: null } } : p)),
    }
    expect(matchPushes(peasOnly, push('refs/heads/main', ['x'])).reason).toBe(
      'no trigger matches: beans: it has no push trigger; peas: changed x, peas/** is wanted',
    )
  })
})

describe('a pull request', () => {
  const [beans, peas] = yaml.pipelines
  if (beans === undefined || peas === undefined) throw new Error('the fixture is wrong')
  it.each([
    [beans, { action: 'opened' }, 'match'],
    [beans, { action: 'synchronize' }, 'match'],
    [beans, { action: 'labeled' }, 'noMatch'],
    [peas, { action: 'opened' }, 'noMatch'],
  ])('%#', (pipeline, request, outcome) => {
    expect(matchPullRequest(pipeline, request).outcome).toBe(outcome)
  })
})

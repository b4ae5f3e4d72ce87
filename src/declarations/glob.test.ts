import fc from 'fast-check'
import { expect, it } from 'vitest'
import { globFault, matchesAny, matchesGlob } from './glob.ts'

// The patterns of GitHub's own documentation of workflow filters, and the edges between them.
it.each([
  ['main', 'main', true],
  ['main', 'mainline', false],
  ['feature/*', 'feature/a', true],
  ['feature/*', 'feature/a/b', false],
  ['feature/**', 'feature/a/b', true],
  ['*', 'main', true],
  ['*', 'a/b', false],
  ['**', 'a/b/c', true],
  ['*feature', 'my-feature', true],
  ['v2*', 'v2.0', true],
  ['v[12].[0-9]+.[0-9]+', 'v1.10.1', true],
  ['v[12].[0-9]+.[0-9]+', 'v3.1.1', false],
  ['*.jsx?', 'page.js', true],
  ['*.jsx?', 'page.jsx', true],
  ['*.jsx?', 'page.jsxx', false],
  ['**.js', 'js/src/index.js', true],
  ['docs/*', 'docs/a/b.md', false],
  ['docs/**', 'docs/a/b.md', true],
  ['docs/**', 'docs', false],
  ['docs/**/*.md', 'docs/README.md', true],
  ['docs/**/*.md', 'docs/a/b/README.md', true],
  ['docs/**/*.md', 'docsREADME.md', false],
  ['**/docs/**', 'docs/hello.md', true],
  ['**/docs/**', 'dir/docs/my-file.txt', true],
  ['**/docs/**', 'mydocs/my-file.txt', false],
  ['**/README.md', 'README.md', true],
  ['**/README.md', 'a/b/README.md', true],
  ['**/README.md', 'MyREADME.md', false],
  ['**/*src/**', 'my-src/code/js/app.js', true],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['pipelines/**', 'Pipelines/a.py', false],
])('%s and %s: %s', (pattern, text, matches) => {
  expect(matchesGlob(pattern, text)).toBe(matches)
})

it.each([
  [['**', '!docs/**'], 'src/a.ts', true],
  [['**', '!docs/**'], 'docs/a.md', false],
  [['**', '!docs/**', 'docs/api/**'], 'docs/api/a.md', true],
  [['!docs/**', '**'], 'docs/a.md', true],
  [['!main'], 'other', false],
])('the list %j and %s: %s', (patterns, text, matches) => {
  expect(matchesAny(patterns, text)).toBe(matches)
})

it.each(['', '[', '[]', '[z-a]', '?a', '*?', 'a??', '+', 'a\\', 'x'.repeat(501)])('%j is no pattern', (pattern) => {
  expect(globFault(pattern)).toBeTypeOf('string')
  expect(matchesGlob(pattern, pattern)).toBe(false)
})

it('takes patterns that make backtracking matchers hang', () => {
  expect(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(1_000))).toBe(false)
  expect(matchesGlob('**/'.repeat(100), 'a/'.repeat(500))).toBe(true)
  expect(matchesGlob(`${'a?'.repeat(200)}${'a'.repeat(50)}`, 'a'.repeat(50))).toBe(true)
})

it('matches a text that has no special characters with itself alone', () => {
  const plain = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !/[*?+[\]\\!]/.test(text))
  fc.assert(fc.property(plain, plain, (a, b) => matchesGlob(a, b) === (a === b)))
})

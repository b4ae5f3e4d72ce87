import { expect, it } from 'vitest'
import { matchesAny } from './glob.ts'

// Line by line, the tables of GitHub's «filter pattern cheat sheet», and beside each what it leaves out by its own words.
it.each<readonly [readonly string[], readonly string[], readonly string[]]>([
  // Branches and tags.
  [['feature/*'], ['feature/my-branch', 'feature/your-branch'], ['feature', 'feature/mona/the/octocat']],
  [['feature/**'], ['feature/beta-a/my-branch', 'feature/your-branch', 'feature/mona/the/octocat'], ['my-feature/a']],
  [['main'], ['main'], ['main2', 'mai', 'Main']],
  [['releases/mona-the-octocat'], ['releases/mona-the-octocat'], ['releases/mona']],
  [['*'], ['main', 'releases'], ['all/the/branches']],
  [['**'], ['all/the/branches', 'every/tag'], []],
  [['*feature'], ['mona-feature', 'feature', 'ver-10-feature'], ['feature-1', 'a/feature']],
  [['v2*'], ['v2', 'v2.0', 'v2.9'], ['v1', 'av2']],
  [['v[12].[0-9]+.[0-9]+'], ['v1.10.1', 'v2.0.0'], ['v3.0.0', 'v1.10', 'v1.a.0']],
  // File paths.
  [['*'], ['README.md', 'server.rb'], ['docs/README.md']],
  [['*.jsx?'], ['page.js', 'page.jsx'], ['page.jsxx', 'js/page.js']],
  [['**'], ['all/the/files.md'], []],
  [['*.js'], ['app.js', 'index.js'], ['js/index.js']],
  [['**.js'], ['index.js', 'js/index.js', 'src/js/app.js'], ['index.jsx']],
  [['docs/*'], ['docs/README.md', 'docs/file.txt'], ['docs/mona/octocat.txt', 'a/docs/file.txt']],
  [['docs/**'], ['docs/README.md', 'docs/mona/octocat.txt'], ['docs', 'a/docs/README.md']],
  [['docs/**/*.md'], ['docs/README.md', 'docs/mona/hello-world.md', 'docs/a/markdown/file.md'], ['docs/a.txt']],
  [['**/docs/**'], ['docs/hello.md', 'dir/docs/my-file.txt', 'space/docs/plan/space.doc'], ['mydocs/a', 'docs']],
  [['**/README.md'], ['README.md', 'js/README.md'], ['MyREADME.md']],
  [['**/*src/**'], ['a/src/app.js', 'my-src/code/js/app.js'], ['src2/app.js']],
  [['**/*-post.md'], ['my-post.md', 'path/their-post.md'], ['post.md', 'my-post.md/a']],
  [
    ['**/migrate-*.sql'],
    ['migrate-10909.sql', 'db/migrate-v1.0.sql', 'db/sept/migrate-v1.sql'],
    ['db/a/unmigrate-1.sql'],
  ],
  [['*.md', '!README.md'], ['hello.md'], ['README.md', 'docs/hello.md']],
  [['*.md', '!README.md', 'README*'], ['hello.md', 'README.md', 'README.doc'], ['docs/README.md']],
  // The words above the tables.
  [['Octo*'], ['Octocat'], ['Octo/cat']],
  [['[CB]at'], ['Cat', 'Bat'], ['Rat']],
  [['[1-2]00'], ['100', '200'], ['300', '150']],
])('%j takes %j and not %j', (patterns, taken, left) => {
  expect(taken.filter((text) => !matchesAny(patterns, text))).toEqual([])
  expect(left.filter((text) => matchesAny(patterns, text))).toEqual([])
})

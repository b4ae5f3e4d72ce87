import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequirements } from '../../src/adapters/compilers/requirements.ts'

describe('requirements that are handed on', () => {
  it.each([
    'kfp',
    'kfp==2.17.0',
    'kfp>=2,<3',
    'kfp (>=2,<3)',
    'google-cloud-pipeline-components ~= 2.22',
    'uvicorn[standard]==0.30.*',
    'a[b, c_d] != 1.0 ; python_version < "3.12" and sys_platform == \'linux\'',
    `kfp==2.17.0 --hash=sha256:${'a'.repeat(64)} --hash=sha256:${'b'.repeat(64)}`,
  ])('%s', (line) => {
    expect(parseRequirements(line, 'r.txt')).toEqual({ ok: true, lines: [line] })
  })

  it('are found between comments, blank lines and continuations, with any line ends', () => {
    const text = `\ufeff# pinned\r\n\r\nkfp==2.17.0  # the SDK\r\npandas==2.2.0 \\\r\n    --hash=sha256:${'a'.repeat(64)}\r\n`
    expect(parseRequirements(text, 'r.txt')).toEqual({
      ok: true,
      lines: ['kfp==2.17.0', `pandas==2.2.0      --hash=sha256:${'a'.repeat(64)}`],
    })
  })
})

describe('requirements that are refused', () => {
  it.each([
    ['-r other.txt', 'other files'],
    ['--requirement=other.txt', 'other files'],
    ['-c constraints.txt', 'other files'],
    ['-e .', 'editable'],
    ['--editable git+https://example.org/x', 'editable'],
    ['--index-url https://example.org/simple', 'options'],
    ['-i https://example.org/simple', 'options'],
    ['--extra-index-url=https://example.org/simple', 'options'],
    ['--trusted-host example.org', 'options'],
    ['kfp --index-url https://example.org/simple', 'addresses'],
    ['kfp==2.17.0 --no-binary', 'no requirement'],
    ['https://example.org/x.whl', 'addresses'],
    ['git+ssh://git@example.org/x.git', 'addresses'],
    ['kfp @ https://example.org/x.whl', 'addresses'],
    ['kfp@file:///etc/x', 'addresses'],
    ['./local', 'paths'],
    ['../local', 'paths'],
    ['/abs/local', 'paths'],
    ['dist/x.whl', 'paths'],
    ['~/x', 'paths'],
    ['C:\\x', 'paths'],
    [`kfp==$${'{'}VERSION}`, 'variables'],
    ['kfp=2', 'no requirement'],
    ['two words', 'no requirement'],
    ['-', 'options'],
  ])('%s', (line, why) => {
    const text = `# one\nkfp\n${line}\n`
    expect(parseRequirements(text, 'pipelines/r.txt')).toEqual({
      ok: false,
      faults: [expect.stringMatching(new RegExp(`^pipelines/r\\.txt:3:1: .*${why}`))],
    })
  })

  it('are all told at once, each where its line begins', () => {
    const result = parseRequirements('-e .\n\nkfp \\\n  @ file:///x\n', 'r.txt')
    expect(result).toMatchObject({
      faults: [expect.stringContaining('r.txt:1:1'), expect.stringContaining('r.txt:3:1')],
    })
  })

  it('never leave a line that an installer could take for an option, an address or a path', () => {
    const piece = fc.constantFrom(
      'kfp',
      '==2',
      ' ',
      '-r',
      '--index-url',
      'http://x',
      '@',
      ';',
      '[a]',
      '\\\n',
      '#',
      '/',
      '$X',
      '\n',
      '\t',
      ',',
      '(',
      ')',
    )
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const result = parseRequirements(text, 'r.txt')
          for (const line of result.ok ? result.lines : [])
            expect(line.replace(/;.*/, '')).toMatch(/^[A-Za-z0-9][^@$:/\\\n#]*$/)
          for (const line of result.ok ? result.lines : []) expect(line).not.toMatch(/(^|\s)-/)
        },
      ),
    )
  })

  it('takes no time over a long line', () => {
    // A matcher that backtracks would not be done before the test's time is up.
    for (const text of ['a'.repeat(1e6), `a${' ,'.repeat(5e5)}`, `kfp${'.-'.repeat(4_900)}!`])
      expect(parseRequirements(text, 'r.txt')).toHaveProperty('ok')
  })
})

import { describe, expect, it } from 'vitest'
import { parseLightweightPython } from './lightweight-python.ts'

// The text that kfp 2.17 emits around a component's source.
const prelude = `
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

`
const pip = 'python3 -m pip install --quiet --no-warn-script-location'
const kfp = `${pip} 'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<"3.9"'`
const wrapperOf = (...installs: readonly string[]): string =>
  `${prelude}PIP_DISABLE_PIP_VERSION_CHECK=1 ${[...installs].join('  &&  ')} && "$0" "$@"\n`
const launcher = `program_path=$(mktemp -d)

printf "%s" "$0" > "$program_path/ephemeral_component.py"
_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main                         --component_module_path                         "$program_path/ephemeral_component.py"                         "$@"
`
const source = 'def f(): pass\n'
const commandOf = (wrapper?: string) => [
  ...(wrapper === undefined ? [] : ['sh', '-c', wrapper]),
  'sh',
  '-ec',
  launcher,
  source,
]
const parse = (wrapper?: string) => parseLightweightPython({ command: commandOf(wrapper) }, 'kfp-2.16.1')

const alone = ['--no-deps kfp==2.17.0', '--no-deps typing-extensions>=3.7.4,<5; python_version<"3.9"']

describe('parseLightweightPython', () => {
  it('takes the source and the executor', () => {
    expect(parse(wrapperOf(kfp))).toEqual({ source, module: 'kfp.dsl.executor_main', requirements: alone })
  })

  it.each([
    ['packages', wrapperOf(`${pip} 'six==1.16.0' 'toolz'`, kfp), ['six==1.16.0', 'toolz', ...alone]],
    [
      'extras and markers',
      wrapperOf(`${pip} 'a[b,c]>=1,<2; python_version>"3.8"'`),
      ['a[b,c]>=1,<2; python_version>"3.8"', '--no-deps kfp==2.16.1'],
    ],
    [
      'another index',
      wrapperOf(`${pip} --index-url https://example.com/simple --trusted-host https://example.com/simple 'q'`, kfp),
      ['--index-url https://example.com/simple', '--trusted-host https://example.com/simple', 'q', ...alone],
    ],
    [
      'an environment of its own',
      `${prelude}PIP_DISABLE_PIP_VERSION_CHECK=1 ${pip} 'q'  &&  \nexport PIP_DISABLE_PIP_VERSION_CHECK=1\ntmp=$(mktemp -d)\npython3 -m venv "$tmp/venv" --system-site-packages\n. "$tmp/venv/bin/activate"\n ${kfp} && "$0" "$@"\n`,
      ['q', ...alone],
    ],
    ['kfp asked for by the component', wrapperOf(`${pip} 'kfp[all]==2.9.0'`), ['kfp[all]==2.9.0']],
    ['nothing', undefined, ['--no-deps kfp==2.16.1']],
  ])('reads %s out of the wrapper', (_, wrapper, requirements) => {
    expect(parse(wrapper)?.requirements).toEqual(requirements)
  })

  it.each([
    ['a wrapper that does something else', commandOf(`rm -rf data && ${wrapperOf(kfp)}`)],
    ['an option of pip that is not known', commandOf(wrapperOf(`${pip} --target /opt 'q'`))],
    ['an open quote', commandOf(wrapperOf(`${pip} 'q`))],
    ['a shell script', ['sh', '-c', 'echo hello']],
    ['another launcher', ['sh', '-ec', 'python3 -m train "$@"', source]],
    ['a launcher that never writes the source', ['sh', '-ec', 'python3 -m kfp.dsl.executor_main "$@"', source]],
    ['a component inside an image', ['python3', '-m', 'kfp.dsl.executor_main']],
    ['a structure in the command', ['sh', '-ec', launcher, { Concat: ['a', 'b'] }]],
    ['no command', []],
  ])('does not take %s for one', (_, command) => {
    expect(parseLightweightPython({ command }, 'kfp-2.17.0')).toBeUndefined()
  })
})

import { join } from 'node:path'
import type { Attempt, AttemptOptions } from '../task-attempt.ts'
import { taskEnvironment } from '../task-environment.ts'

/** Of this machine's own: they say where its programs are, which an image has elsewhere. */
const ofThisMachine =
  /^(PATH|TMPDIR|LANG|LANGUAGE|LC_\w+|PYENV_\w+|(SSL_CERT|REQUESTS_CA|CURL_CA)_\w+|(PIP|UV)_(CERT|CONFIG_FILE|CACHE_DIR|FIND_LINKS))$/

/** What a container is told: of the platform, of proxies and package indexes, and what its component declares. */
export const containerEnvironment = (
  { runtime, folder }: Attempt,
  own: Readonly<Record<string, string>>,
  pythonFolder: string,
  options: AttemptOptions,
): Record<string, string> => {
  const home = join(folder, 'work')
  const { project, location } = runtime.context
  const rest = options.restEndpoint === undefined ? {} : { restEndpoint: options.restEndpoint() }
  const place = { project, location, vertexEndpoint: options.vertexEndpoint(), ...rest, home, temporary: '/tmp' }
  const known = Object.entries(taskEnvironment(place, {}))
  const { HOME: _, ...told } = Object.fromEntries(known.filter(([name]) => !ofThisMachine.test(name)))
  return {
    ...told,
    // Who is not root has no home in most images.
    ...(process.getuid?.() === 0 ? {} : { HOME: home }),
    ...own,
    PYTHONPATH: [pythonFolder, own['PYTHONPATH']].filter((text) => text).join(':'),
  }
}

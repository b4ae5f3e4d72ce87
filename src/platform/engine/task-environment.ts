import { fileURLToPath } from 'node:url'
import { scrubbedEnvironment } from '../../processes/run-process.ts'

/** The folder of our sitecustomize and launcher: beside this file in src, copied beside it into dist. */
const pythonFolder = fileURLToPath(new URL('./python', import.meta.url))
export const componentLauncher = fileURLToPath(new URL('./python/run_component.py', import.meta.url))

export interface TaskPlace {
  readonly project: string
  readonly location: string
  /** `host:port` of the platform's gRPC face. */
  readonly vertexEndpoint: string
  /** `http://host:port` of its REST face. */
  readonly restEndpoint?: string
  /** Home and temporary files of the task. */
  readonly home: string
  readonly temporary: string
}

const loopback = '127.0.0.1,localhost,::1'

/**
 * The environment of a task's process: no credentials of this machine, and Google's clients led to the platform.
 * `path` is put before PATH; `own` is the component's declared environment and wins over everything but the redirect.
 */
export const taskEnvironment = (
  place: TaskPlace,
  own: Readonly<Record<string, string>>,
  path?: string,
): Record<string, string> => {
  const base = scrubbedEnvironment()
  const noProxy = [base['NO_PROXY'] ?? base['no_proxy'], loopback].filter((text) => text).join(',')
  const pythonPath = [pythonFolder, own['PYTHONPATH']].filter((text) => text).join(':')
  return {
    ...base,
    ...(path === undefined ? {} : { PATH: [path, base['PATH']].filter((text) => text).join(':') }),
    HOME: place.home,
    TMPDIR: place.temporary,
    PYTHONUNBUFFERED: '1',
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    // Google's clients would ask the metadata server of a cloud machine for credentials, and wait for it.
    NO_GCE_CHECK: 'true',
    CLOUD_ML_PROJECT_ID: place.project,
    CLOUD_ML_REGION: place.location,
    GOOGLE_CLOUD_PROJECT: place.project,
    GOOGLE_CLOUD_REGION: place.location,
    ...own,
    PYTHONPATH: pythonPath,
    WINNOW_VERTEX_ENDPOINT: place.vertexEndpoint,
    ...(place.restEndpoint === undefined ? {} : { WINNOW_VERTEX_REST: place.restEndpoint }),
  }
}

import type { Json } from '../../../domain/json.ts'
import type { ContainerExecutor } from '../../../pipelines/execution.ts'
import { missingService } from './gcpc-services.ts'

/** A google-cloud-pipeline-component: Google's own launcher of something in the cloud. */
export interface GcpcLauncher {
  /** The Python module that it starts. */
  readonly module: string
  /** Of google-cloud-pipeline-components. */
  readonly version: string
  /** What it calls that this machine has not; undefined where the platform's API is all that it needs. */
  readonly needs: string | undefined
}

const root = 'google_cloud_pipeline_components.container.'

/** For images that are pinned by digest or copied under another name. */
const usualVersion = '2.22.0'

/** Recognises `python3 [-u] -m google_cloud_pipeline_components.container.…`; placeholders may be unresolved. */
export const parseGcpc = ({
  image,
  command,
  args,
}: Pick<ContainerExecutor, 'image' | 'command' | 'args'>): GcpcLauncher | undefined => {
  const words: readonly Json[] = [...command, ...args]
  const at = words.indexOf('-m')
  const module = words[at + 1]
  if (!/(^|\/)python3?(\.\d+)?$/.test(String(words[0]))) return undefined
  if (at < 1 || typeof module !== 'string' || !module.startsWith(root)) return undefined
  const after = (name: string): string => String(words[words.indexOf(name) + 1])
  const version = /google-cloud-pipeline-components:v?(\d+(?:\.\w+)+)$/.exec(image)?.[1] ?? usualVersion
  const needs = missingService(module.slice(root.length), `${after('--cls_name')}.${after('--method_name')}`)
  return { module, version, needs }
}

/** Lines of a requirements file. Its runner of the SDK's classes still imports distutils, which newer Pythons have not. */
export const gcpcRequirements = ({ version }: GcpcLauncher): readonly string[] => [
  `google-cloud-pipeline-components==${version}`,
  'setuptools==80.9.0',
]

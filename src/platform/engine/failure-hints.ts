import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import { leftOutOfTask } from './platform-wishes.ts'
import type { Attempt } from './task-attempt.ts'

/** The input artifacts of which no file is there and which the task complains of. (Metrics have no file, and need none.) */
const unwrittenInputs = ({ task, layout }: Attempt, words: string): readonly string[] =>
  Object.entries(task.inputs.artifacts).flatMap(([name, list]) =>
    list
      .map(({ uri, customPath }) => customPath ?? layout.localPath(uri))
      .filter((path) => isAbsolute(path) && words.includes(path) && !existsSync(path))
      .map((path) => `its input "${name}" was never written (${path})`),
  )

const mount = /['" ]\/(gcs|minio|s3)\/([\w.-]+)/

/** Vertex AI and Kubeflow mount buckets; on this machine an artifact's path leads to its file, a written-out one does not. */
const unmounted = (words: string): readonly string[] => {
  const [, folder = '', bucket = ''] = mount.exec(words) ?? []
  if (bucket === '' || existsSync(`/${folder}/${bucket}`)) return []
  return [`no bucket is mounted at /${folder}/${bucket} here: take the bucket's file as an artifact and read its path`]
}

const missingPart = /execvp|command not found|: not found|ENOENT|No module named/

/** A program or package that an image would bring. */
const withoutImage = ({ task: { executor } }: Attempt, fault: Fault): readonly string[] =>
  executor.kind === 'container' && missingPart.test([fault.message, ...fault.details].join('\n'))
    ? [`it may be in the image ${executor.image}, which is not used here`]
    : []

/** A task's failure with what this machine knows of its cause: inputs that are not there, wishes that were left out. */
export const withHints = (fault: Fault, attempt: Attempt, inImage: boolean): Fault => {
  const words = [fault.message, ...fault.details].join('\n')
  const causes = [
    ...unwrittenInputs(attempt, words),
    ...unmounted(words),
    ...(inImage ? [] : withoutImage(attempt, fault)),
  ]
  const leftOut = leftOutOfTask(attempt.runtime.spec, attempt.task)
  if (causes.length + leftOut.length === 0) return fault
  return new Fault(fault.code, [fault.message, ...causes].join('; '), {
    ...(fault.remedy === undefined ? {} : { remedy: fault.remedy }),
    details: [...fault.details, ...leftOut.map((line) => `left out here: ${line}`)],
    cause: fault,
  })
}

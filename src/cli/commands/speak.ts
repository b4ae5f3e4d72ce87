import type { Digest } from '../../domain/digest.ts'
import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'
import type { ShownRun } from './run-show.ts'

interface Options extends ClientOptions {
  readonly reason?: string
  readonly json?: boolean
}

/** `winnow approve RUN` and `winnow reject RUN`: a word about exactly what the run shows now. */
export const speak = async (decision: 'approve' | 'reject', id: string, options: Options): Promise<void> => {
  const client = await connect(options)
  const path = `/runs/${encodeURIComponent(id)}`
  const { subject } = await client.get<ShownRun>(path)
  const said = await client.post<{ subject: Digest; next: string }>(`${path}/${decision}`, {
    reason: options.reason ?? '',
    ...(subject === null ? {} : { subject }),
  })
  if (options.json) return printJson(said)
  print(`run ${id} ${decision === 'approve' ? 'approved' : 'rejected'}: ${said.next}`)
}

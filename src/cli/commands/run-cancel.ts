import { type ClientOptions, connect } from '../client.ts'
import { print } from '../table.ts'

/** `winnow run cancel ID` */
export const runCancel = async (id: string, options: ClientOptions): Promise<void> => {
  const client = await connect(options)
  await client.post(`/runs/${encodeURIComponent(id)}/cancel`)
  print(`run ${id} is being cancelled; follow it with \`winnow run show ${id} --watch\``)
}

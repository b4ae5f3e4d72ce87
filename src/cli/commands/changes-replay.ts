import { type ClientOptions, connect } from '../client.ts'
import { print, printJson } from '../table.ts'

/** `winnow changes replay ID --reason …` */
export const changesReplay = async (
  id: string,
  options: ClientOptions & { readonly reason: string; readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const made = await client.post<{ change: number }>(`/changes/${encodeURIComponent(id)}/replay`, {
    reason: options.reason,
  })
  if (options.json) return printJson(made)
  print(`change ${made.change} replays change ${id}; follow it with \`winnow changes show ${made.change}\``)
}

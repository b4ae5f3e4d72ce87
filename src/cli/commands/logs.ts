import { type ClientOptions, connect } from '../client.ts'
import { paint } from '../style.ts'
import { print, printJson } from '../table.ts'

interface Logs {
  readonly build: string
  readonly tasks: readonly { readonly task: string; readonly text: string }[]
}

/** `winnow logs RUN [TASK]` */
export const logs = async (
  id: string,
  task: string | undefined,
  options: ClientOptions & { readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const query = task === undefined ? '' : `?task=${encodeURIComponent(task)}`
  const answer = await client.get<Logs>(`/runs/${encodeURIComponent(id)}/log${query}`)
  if (options.json) return printJson(answer)
  if (task !== undefined) return print(answer.tasks.map(({ text }) => text.trimEnd()).join('\n'))
  for (const { task: name, text } of [{ task: 'build', text: answer.build }, ...answer.tasks]) {
    if (text.trim() === '') continue
    print(paint('bold', `── ${name}`))
    print(text.trimEnd())
  }
}

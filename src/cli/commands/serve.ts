import { runController } from '../../main.ts'
import type { ClientOptions } from '../client.ts'

/** `winnow serve` */
export const serve = async (
  options: ClientOptions & { readonly config?: string; readonly role?: string },
): Promise<void> => {
  const { data, role } = options
  await runController(options.config ?? process.env['WINNOW_CONFIG'] ?? 'winnow.config.yaml', {
    ...(data === undefined ? {} : { dataFolder: data }),
    ...(role === undefined ? {} : { role }),
  })
  // Some vendor clients keep timers for a while; everything of ours has been closed and written by now.
  process.exit(0)
}

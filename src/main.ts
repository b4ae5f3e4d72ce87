import { createApp } from './app.ts'
import { loadConfig } from './config.ts'
import { createLog } from './log.ts'

/** Runs the controller until SIGTERM or SIGINT; a second signal ends it at once. Rejects with the Fault of a start that failed. */
export const runController = async (
  configFile: string,
  flags: { dataFolder?: string; role?: string },
): Promise<void> => {
  const { config, secrets } = await loadConfig(configFile, process.env, flags)
  const log = createLog(config.logLevel)
  const app = await createApp(config, secrets, log)
  await new Promise<void>((resolve, reject) => {
    let stopping = false
    const stop = (signal: NodeJS.Signals): void => {
      if (stopping) process.exit(1)
      stopping = true
      log.info({ signal }, 'stopping: what is under way ends first')
      app.close().then(resolve, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

import { createLog } from '../../src/log.ts'
import { createPlatform } from '../../src/platform/platform.ts'
import { environmentsFolder } from './site.ts'

// A platform as a process of its own, so that it can be killed: `platform-process.ts ROOT [PORT]` prints its port.
const [root = '', port = '0'] = process.argv.slice(2)
const platform = await createPlatform({
  root,
  listen: { host: '127.0.0.1', port: Number(port) },
  environments: environmentsFolder,
  containers: 'host',
  // Its tasks leave files for the test.
  sandbox: 'off',
  log: createLog('silent'),
})
process.stdout.write(`${platform.port}\n`)

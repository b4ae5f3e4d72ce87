import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename, join, resolve } from 'node:path'
import { formatFault } from '../../declarations/placed-fault.ts'
import { parseWinnowFiles, type WinnowYaml } from '../../declarations/winnow-yaml.ts'
import { Fault, messageOf } from '../../domain/errors.ts'
import { runController } from '../../main.ts'
import { lockFolder } from '../../processes/folder-lock.ts'
import { type ClientOptions, dataFolderOf } from '../client.ts'
import { localAddresses } from '../local-addresses.ts'
import { writeLocalConfig } from '../local-config.ts'
import { ensureLocalRemote } from '../local-remote.ts'
import { readDeclarations } from '../read-declarations.ts'
import { print } from '../table.ts'

/** `winnow dev [FOLDER]`: a controller with everything embedded for one repository, and a remote of its own to push to. */
export const dev = async (
  folder: string,
  options: ClientOptions & { readonly port: string; readonly declarations?: readonly string[] },
): Promise<void> => {
  const root = resolve(folder)
  const declared = await readDeclared(root, options.declarations)
  const data = resolve(dataFolderOf(options))
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Fault('usage', `${options.port} is no port`, { remedy: 'Name one from 1 to 65535.' })
  const name = nameOf(root)
  const remote = join(data, 'remotes', `${name}.git`)
  const secretFile = join(data, 'remotes', `${name}.secret`)
  const configFile = join(data, 'dev.config.yaml')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await assertIdle(data, port)
  await ensureLocalRemote({ folder: remote, name, secretFile, url: `http://127.0.0.1:${port}` })
  await writeLocalConfig({
    file: configFile,
    port,
    dataFolder: data,
    repository: name,
    remote,
    secretFile,
    dataRoot: root,
    ...(options.declarations === undefined ? {} : { declarations: options.declarations }),
    environments: declared.environments.map((environment) => environment.name),
    addresses: await localAddresses(root, []),
  })
  print(`Push to Winnow:  git remote add winnow ${remote} && git push winnow HEAD:main`)
  print('Then look:       winnow changes · winnow runs · winnow explain RUN')
  await runController(configFile, {})
  process.exit(0)
}

/** Before anything is written: a controller that runs on this folder would find its config and its remote changed. */
const assertIdle = async (data: string, port: number): Promise<void> => {
  const store = join(data, 'store')
  await mkdir(store, { recursive: true, mode: 0o700 })
  await (await lockFolder(store)).release()
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Fault('port_taken', `Port ${port} of 127.0.0.1 cannot be had: ${messageOf(cause)}`, {
      remedy: 'Stop what listens there, or choose another port with --port.',
      cause,
    })
  }
  server.close()
  await once(server, 'close')
}

const readDeclared = async (root: string, patterns: readonly string[] | undefined): Promise<WinnowYaml> => {
  if (patterns === undefined && !existsSync(join(root, 'winnow.yaml')))
    throw new Fault('usage', `There is no winnow.yaml in ${root}`, {
      remedy:
        'Name the folder of your repository: winnow dev FOLDER, or the files with --declarations. examples/beans has one to start from.',
    })
  const parsed = parseWinnowFiles(await readDeclarations(root, patterns))
  if (!parsed.ok)
    throw new Fault('declaration_invalid', `What ${root} declares has faults`, {
      details: parsed.faults.map(formatFault),
    })
  return parsed.value
}

/** The folder's name as the config allows it. */
const nameOf = (root: string): string => {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 60)
  return name === '' ? 'repository' : name
}

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { loadYaml } from '../declarations/load-yaml.ts'
import { formatFault } from '../declarations/placed-fault.ts'
import { Fault } from '../domain/errors.ts'

/** `winnow.local.yaml`: where one machine finds gs:// and bq:// addresses; it need not be there. */
const LocalFile = z.strictObject({ version: z.literal(1), addresses: z.record(z.string(), z.string()) })
const localFileName = 'winnow.local.yaml'

/** Address → absolute path, from the folder's winnow.local.yaml and from `--map ADDRESS=FILE`, which wins. */
export const localAddresses = async (
  folder: string,
  maps: readonly string[],
): Promise<Readonly<Record<string, string>>> => ({
  ...(await fromFile(folder)),
  ...Object.fromEntries(maps.map(fromFlag)),
})

const fromFile = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const file = join(folder, localFileName)
  if (!existsSync(file)) return {}
  const loaded = loadYaml(await readFile(file, 'utf8'), file, LocalFile)
  if (!loaded.ok) throw new Fault('config_invalid', `${file} has faults`, { details: loaded.faults.map(formatFault) })
  return Object.fromEntries(
    Object.entries(loaded.value.addresses).map(([address, path]) => [address, absolute(folder, path)]),
  )
}

const fromFlag = (map: string): readonly [string, string] => {
  const at = map.indexOf('=')
  if (at < 1 || at === map.length - 1)
    throw new Fault('usage', `--map ${map} is not of the form ADDRESS=FILE`, {
      remedy: 'Write --map bq://project.data.table=rows.csv.',
    })
  const path = absolute('.', map.slice(at + 1))
  if (!existsSync(path)) throw new Fault('usage', `--map ${map}: there is no file ${path}`)
  return [map.slice(0, at), path]
}

/** A trailing slash says that the address is a prefix; resolve() would drop it. */
const absolute = (folder: string, path: string): string => resolve(folder, path) + (path.endsWith('/') ? '/' : '')

import { installHook } from '../hook/install-hook.ts'
import { print } from '../table.ts'

/** `winnow hook install REPOSITORY` */
export const hookInstall = async (
  repository: string,
  options: { readonly name: string; readonly url: string; readonly secretFile: string },
): Promise<void> => {
  const hook = await installHook(repository, {
    url: options.url,
    repository: options.name,
    secretFile: options.secretFile,
  })
  print(`${hook.path}: ${hook.state}`)
  if (hook.chained !== undefined) print(`the hook that was there runs first; it is ${hook.chained} now`)
}

import { scrubbedEnvironment } from './scrubbed-environment.ts'

/** Where a container program finds its daemon, its settings and the credentials of registries. */
const ofClients =
  /^(HOME|USER|LOGNAME|XDG_\w+|DOCKER_\w+|CONTAINERS?_\w+|REGISTRY_AUTH_FILE|CLOUDSDK_\w+|DBUS_SESSION_BUS_ADDRESS)$/

/** The environment of docker or podman itself: it is ours and needs our settings. Nothing of it reaches a container. */
export const clientEnvironment = (): Record<string, string> =>
  scrubbedEnvironment(
    Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && ofClients.test(entry[0]),
      ),
    ),
  )

import type { Sender } from '../sender.ts'
import { bitbucketCloud, bitbucketDataCenter } from './bitbucket.ts'
import { cloudEvents } from './cloud-events.ts'
import { cloudStorage } from './cloud-storage.ts'
import { folder } from './folder.ts'
import { forgejo, gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlabSigned, gitlabToken } from './gitlab.ts'
import { person } from './person.ts'
import { plainGit } from './plain-git.ts'
import { s3 } from './s3.ts'

/** Everybody who tells Winnow of something. A new one is a file beside these and a line here. */
export const senders: readonly Sender[] = [
  github,
  gitlabToken,
  gitlabSigned,
  gitea,
  forgejo,
  bitbucketCloud,
  bitbucketDataCenter,
  plainGit,
  folder,
  cloudStorage,
  s3,
  cloudEvents,
  person,
]

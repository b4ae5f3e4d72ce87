import type { Sender } from '../sender.ts'
import { bigquery } from './bigquery.ts'
import { bitbucketCloud, bitbucketDataCenter } from './bitbucket.ts'
import { cloudEvents } from './cloud-events.ts'
import { cloudStorage } from './cloud-storage.ts'
import { folder } from './folder.ts'
import { forgejo, gitea } from './gitea.ts'
import { github } from './github.ts'
import { gitlabSigned, gitlabToken } from './gitlab.ts'
import { monitor } from './monitor.ts'
import { pauser } from './pauser.ts'
import { person } from './person.ts'
import { plainGit } from './plain-git.ts'
import { polledGit } from './polled-git.ts'
import { polledStore } from './polled-store.ts'
import { pulledBucket } from './pulled-bucket.ts'
import { s3 } from './s3.ts'
import { schedule } from './schedule.ts'
import { upstream } from './upstream.ts'

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
  polledGit,
  folder,
  cloudStorage,
  pulledBucket,
  s3,
  polledStore,
  bigquery,
  cloudEvents,
  schedule,
  upstream,
  monitor,
  person,
  pauser,
]

import { createCloudStorage } from '../src/adapters/sources/cloud-storage.ts'
import { openPool } from '../src/adapters/store/open-pool.ts'
import { createStore } from '../src/adapters/store/store.ts'
import { lookAtAddress, watchName } from '../src/workers/loops/look-at-address.ts'

// A process of its own, so that its memory is that of polling alone: node poll-work.ts LISTING_URL DATABASE_URL FOLDER; prints JSON.

const [listing = '', databaseUrl = '', folder = ''] = process.argv.slice(2)
const never = new AbortController().signal
const watch = { source: 'bench', repository: 'bench', address: 'gs://bench/incoming/**' }
const source = createCloudStorage({ endpoint: listing })
const store = await createStore(await openPool({ folder, databaseUrl }))

const timed = async <T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> => {
  const started = performance.now()
  const result = await work()
  return { seconds: (performance.now() - started) / 1_000, result }
}
const peak = (): number => process.resourceUsage().maxRSS / 1024

/** The same pages, and nothing done with them. */
const bare = async (): Promise<void> => {
  for (let token: string | undefined = ''; token !== undefined; ) {
    const answer = await fetch(`${listing}/storage/v1/b/bench/o?pageToken=${token}`)
    token = ((await answer.json()) as { nextPageToken?: string }).nextPageToken
  }
}

// Most of it is known, as at any look but the first; the rest is told.
const all = await source.list(watch.address, never)
await store.rememberObjects(watchName(watch), all.slice(all.length / 20))
const look = () => lookAtAddress({ store, now: Date.now }, watch, (uri, signal) => source.list(uri, signal), never)
await bare()
const pages = await timed(bare)
const start = peak()
const telling = await timed(look)
const quiet = await timed(look)
await store.close()
console.log(
  JSON.stringify({
    objects: quiet.result.objects,
    told: telling.result.told,
    pages: pages.seconds,
    telling: telling.seconds,
    quiet: quiet.seconds,
    start,
    peak: peak(),
  }),
)

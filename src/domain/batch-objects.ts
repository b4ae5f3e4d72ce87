import type { DataObject } from './batch.ts'
import type { Reading } from './ports/store.ts'

const pageLength = 5_000

/** All that a batch has, page by page, so that no more than a page need be held. */
export async function* objectPages(
  { objectsOf }: Pick<Reading, 'objectsOf'>,
  batch: number,
): AsyncGenerator<readonly DataObject[]> {
  for (let after: string | undefined; ; ) {
    const page = await objectsOf(batch, pageLength, after)
    if (page.length > 0) yield page
    after = page.at(-1)?.uri
    if (page.length < pageLength) return
  }
}

import { expect, it } from 'vitest'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import { rememberFiles } from './remember-files.ts'

const never = new AbortController().signal

/** A host whose files say where they are; `missing` is not there, and the first look at `broken` fails. */
const countingHost = () => {
  const asked: string[] = []
  const readFile: RepositoryHost['readFile'] = async (repository, commit, path) => {
    const place = `${repository} ${commit} ${path}`
    const before = asked.includes(place)
    asked.push(place)
    if (path === 'broken' && !before) throw new Error('the network is away')
    return path === 'missing' ? undefined : place.padEnd(path === 'large' ? 5_000 : 0, '.')
  }
  return { asked, host: { readFile } as RepositoryHost }
}

it('asks once for a file of a commit, also where there is none', async () => {
  const { asked, host } = countingHost()
  const remembering = rememberFiles(host)
  for (let i = 0; i < 3; i += 1) {
    expect(await remembering.readFile('beans', 'a', 'winnow.yaml', never)).toBe('beans a winnow.yaml')
    expect(await remembering.readFile('beans', 'b', 'winnow.yaml', never)).toBe('beans b winnow.yaml')
    expect(await remembering.readFile('peas', 'a', 'winnow.yaml', never)).toBe('peas a winnow.yaml')
    expect(await remembering.readFile('beans', 'a', 'missing', never)).toBeUndefined()
  }
  expect(asked).toEqual(['beans a winnow.yaml', 'beans b winnow.yaml', 'peas a winnow.yaml', 'beans a missing'])
})

it('asks again where the answer was a fault', async () => {
  const { host } = countingHost()
  const remembering = rememberFiles(host)
  await expect(remembering.readFile('beans', 'a', 'broken', never)).rejects.toThrow('the network is away')
  expect(await remembering.readFile('beans', 'a', 'broken', never)).toBe('beans a broken')
})

it('forgets what was not asked for longest, and never keeps what is too large', async () => {
  const { asked, host } = countingHost()
  // Room for about eight small files.
  const remembering = rememberFiles(host, 3_000)
  const read = (name: string) => remembering.readFile('beans', 'a', name, never)
  await read('first')
  for (let i = 0; i < 20; i += 1) {
    await read(`file-${i}`)
    await read('first')
  }
  await read('file-0')
  await read('large')
  await read('large')
  const times = (name: string): number => asked.filter((place) => place === `beans a ${name}`).length
  expect([times('first'), times('file-0'), times('file-19'), times('large')]).toEqual([1, 2, 1, 2])
})

it('stops where it is asked to, also with the answer at hand', async () => {
  const remembering = rememberFiles(countingHost().host)
  await remembering.readFile('beans', 'a', 'x', never)
  await expect(remembering.readFile('beans', 'a', 'x', AbortSignal.abort(new Error('stopping')))).rejects.toThrow(
    'stopping',
  )
})

import { expect, it } from 'vitest'
import { createSlots } from './slots.ts'

const gate = () => {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}
const quiet = new AbortController().signal

it('lets in as many as there are places, in the order of their coming', async () => {
  const slots = createSlots(2)
  const inside: number[] = []
  const gates = [gate(), gate(), gate(), gate()]
  const done = gates.map(({ passed }, index) =>
    slots.hold(quiet, async () => {
      inside.push(index)
      await passed
    }),
  )
  await Promise.resolve()
  expect(inside).toEqual([0, 1])
  gates[1]?.open()
  await done[1]
  await Promise.resolve()
  expect(inside).toEqual([0, 1, 2])
  for (const { open } of gates) open()
  await Promise.all(done)
  expect(inside).toEqual([0, 1, 2, 3])
})

it('frees a place after a failure, and forgets those who left the queue', async () => {
  const slots = createSlots(1)
  const first = gate()
  const failing = slots.hold(quiet, async () => {
    await first.passed
    throw new Error('wet')
  })
  const abort = new AbortController()
  const leaving = slots.hold(abort.signal, async () => 'never')
  const staying = slots.hold(quiet, async () => 'in')
  abort.abort(new Error('left'))
  first.open()
  await expect(failing).rejects.toThrow('wet')
  await expect(leaving).rejects.toThrow('left')
  expect(await staying).toBe('in')
  await expect(slots.hold(AbortSignal.abort(new Error('gone')), async () => 'never')).rejects.toThrow('gone')
})

it('gives several places to who asks for them, who is not overtaken meanwhile', async () => {
  const slots = createSlots(3)
  const inside: string[] = []
  const gates = { small: gate(), large: gate(), huge: gate(), late: gate() }
  const enter = (name: keyof typeof gates, places: number, signal = quiet) =>
    slots.hold(
      signal,
      async () => {
        inside.push(name)
        await gates[name].passed
      },
      places,
    )
  const small = enter('small', 0.5)
  const large = enter('large', 3)
  const late = enter('late', 1)
  await Promise.resolve()
  expect(inside).toEqual(['small'])
  gates.small.open()
  await small
  await Promise.resolve()
  expect(inside).toEqual(['small', 'large'])

  // More than there are: all of them. And who leaves the queue lets those behind it in.
  const abort = new AbortController()
  const huge = enter('huge', 99)
  const leaving = enter('huge', 99, abort.signal)
  gates.large.open()
  await large
  gates.late.open()
  await late
  await Promise.resolve()
  expect(inside).toEqual(['small', 'large', 'late', 'huge'])
  abort.abort(new Error('left'))
  await expect(leaving).rejects.toThrow('left')
  gates.huge.open()
  await huge
  expect(await slots.hold(quiet, async () => 'in', 3)).toBe('in')
})

import { below, createRandom, pick, type Random, shuffled, weighted } from './random.ts'
import type { Delivery, Forgery, OpenSender } from './sender.ts'

export type Sending =
  | { readonly kind: 'delivery'; readonly delivery: Delivery; readonly copy: number }
  | { readonly kind: 'forgery'; readonly forgery: Forgery }

/** What befalls the house, and after how many sendings. */
export type Blow = 'kill web' | 'kill worker' | 'kill both' | 'flush Redis' | 'restart PostgreSQL'

export interface Plan {
  readonly sendings: readonly Sending[]
  readonly blows: readonly { readonly after: number; readonly blow: Blow }[]
}

export interface PlanOptions {
  /** Of everything that is sent, copies and forgeries too. */
  readonly changes: number
  readonly seed: number
  /** The blows that this house can take. */
  readonly blows: readonly Blow[]
}

const copies = 0.3
const forgeries = 0.01
/** Sendings that may change places; a copy comes within three of these. */
const window = 100
/** Share of the sendings during which processes are killed: afterwards their memory is watched. */
const turbulent = 0.55
/** Sendings for one kill of each process. */
const perKill = 1_000

interface Named {
  readonly weight: number
  readonly opened: OpenSender
}

/** Everything that will be sent, in its order, and everything that will befall: the seed decides. */
export const makePlan = (senders: readonly Named[], options: PlanOptions): Plan => ({
  sendings: planSendings(senders, options),
  blows: planBlows(options),
})

const planSendings = (senders: readonly Named[], { changes, seed }: PlanOptions): readonly Sending[] => {
  const random = createRandom(seed, 'sendings')
  const numbers = new Map<OpenSender, number>()
  const turn = (of: readonly Named[]): readonly [OpenSender, number] => {
    const opened = weighted(
      random,
      of.map(({ weight, opened }) => [weight, opened]),
    )
    const number = numbers.get(opened) ?? 0
    numbers.set(opened, number + 1)
    return [opened, number]
  }
  const forged = Math.max(1, Math.round(changes * forgeries))
  const copied = Math.round(changes * copies)
  const slots: { readonly at: number; readonly sending: Sending }[] = []
  const first = changes - forged - copied
  // Each at its place among those that are sent once.
  for (let at = 0; at < first; at += 1) {
    const [opened, number] = turn(senders)
    slots.push({ at, sending: { kind: 'delivery', delivery: opened.next(random, number), copy: 0 } })
  }
  const originals = [...slots]
  const copyNumbers = new Map<Delivery, number>()
  for (let i = 0; i < copied; i += 1) {
    const { at, sending } = pick(random, originals)
    if (sending.kind !== 'delivery') continue
    const copy = (copyNumbers.get(sending.delivery) ?? 0) + 1
    copyNumbers.set(sending.delivery, copy)
    slots.push({ at: at + distance(random, first), sending: { ...sending, copy } })
  }
  const forgers = senders.filter(({ opened }) => opened.forge !== undefined)
  for (let i = 0; i < forged; i += 1) {
    const [opened, number] = turn(forgers)
    const forgery = opened.forge?.(random, number)
    if (forgery !== undefined) slots.push({ at: random() * first, sending: { kind: 'forgery', forgery } })
  }
  const inOrder = slots.sort((a, b) => a.at - b.at).map(({ sending }) => sending)
  return Array.from({ length: Math.ceil(inOrder.length / window) }, (_, i) =>
    shuffled(random, inOrder.slice(i * window, (i + 1) * window)),
  ).flat()
}

/** Most copies come soon, one in ten at any time later. */
const distance = (random: Random, all: number): number => random() * (random() < 0.1 ? all : 3 * window)

const planBlows = ({ changes, seed, blows }: PlanOptions): Plan['blows'] => {
  const random = createRandom(seed, 'blows')
  const within = (from: number, to: number): number => Math.round(changes * (from + random() * (to - from)))
  const kills = blows.filter((blow) => blow.startsWith('kill'))
  const rounds = Math.max(1, Math.round((changes * turbulent) / perKill))
  const planned = Array.from({ length: rounds }, (_, i) =>
    kills.map((blow) => ({
      after: within(0.05 + (i / rounds) * turbulent, 0.05 + ((i + 1) / rounds) * turbulent),
      blow,
    })),
  ).flat()
  if (blows.includes('flush Redis'))
    planned.push({ after: within(0.2, 0.4), blow: 'flush Redis' }, { after: within(0.65, 0.8), blow: 'flush Redis' })
  if (blows.includes('restart PostgreSQL')) planned.push({ after: within(0.4, 0.6), blow: 'restart PostgreSQL' })
  // Two at the same moment would be one.
  const taken = new Set<number>()
  return planned
    .map(({ after, blow }) => {
      let moment = after
      while (taken.has(moment)) moment += 1 + below(random, 3)
      taken.add(moment)
      return { after: moment, blow }
    })
    .sort((a, b) => a.after - b.after)
}

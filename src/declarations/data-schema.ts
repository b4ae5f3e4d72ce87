import * as z from 'zod'
import { overlaps } from '../domain/batch.ts'
import { parseBytes } from '../domain/bytes.ts'
import { dataAddressFault } from './data-address.ts'
import { dataKeyFault } from './data-key.ts'
import { duration } from './duration.ts'
import { globFault } from './glob.ts'

const defaultQuiet = 60_000
const defaultMaxWait = 3_600_000

/** A text that `fault` has nothing against. */
const checked = (fault: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const message = fault(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

const marker = checked((name) => {
  if (name.includes('/')) return `expected the name of an object, without its folder, got ${JSON.stringify(name)}`
  const fault = globFault(name)
  return fault === undefined ? undefined : `expected a name or a pattern of one, ${fault}`
})

const bytes = z.union([z.string(), z.number()]).transform((written, context) => {
  const amount = typeof written === 'number' ? written : parseBytes(written)
  if (amount !== undefined && Number.isSafeInteger(amount) && amount > 0) return amount
  context.addIssue({
    code: 'custom',
    message: `expected an amount such as 500kB, 10MB or 2GiB, got ${JSON.stringify(written)}`,
  })
  return z.NEVER
})

const minimum = z
  .strictObject({
    objects: z.int().min(1).max(100_000).optional(),
    bytes: bytes.optional(),
    rows: z.int().min(1).optional(),
  })
  .refine((least) => Object.values(least).some((amount) => amount !== undefined), {
    error: 'expected objects, bytes or rows',
  })

const parameter = z.string().min(1)

/** `on.data` of a pipeline. */
export const data = z
  .strictObject({
    uri: checked(dataAddressFault),
    quiet: duration.default(defaultQuiet),
    maxWait: duration.default(defaultMaxWait),
    minimum: minimum.optional(),
    marker: marker.optional(),
    key: checked(dataKeyFault).optional(),
    overlap: z.enum(overlaps).default('queue'),
    into: parameter.optional(),
    manifest: parameter.optional(),
  })
  .superRefine((trigger, context) => {
    const refuse = (path: string[], message: string, at: 'key' | 'value' = 'value') =>
      context.addIssue({ code: 'custom', path, message, params: { at } })
    if (trigger.maxWait < trigger.quiet) refuse(['maxWait'], 'expected a longest wait that is not shorter than quiet')
    if (trigger.into === undefined && trigger.manifest === undefined)
      refuse([], 'expected into or manifest: which parameter gets the data?')
    if (trigger.into !== undefined && trigger.into === trigger.manifest)
      refuse(['manifest'], `${trigger.into} gets the list of into already`)
    if (trigger.marker !== undefined && trigger.uri.startsWith('bq:'))
      refuse(['marker'], 'belongs to files: nothing is written beside a table', 'key')
    if (trigger.minimum?.rows !== undefined && trigger.uri.startsWith('file:'))
      refuse(['minimum', 'rows'], 'belongs to sources that count rows, such as bq:; a folder does not', 'key')
    if (trigger.minimum?.bytes !== undefined && trigger.uri.startsWith('bq:'))
      refuse(['minimum', 'bytes'], 'belongs to files: ask for rows of a table', 'key')
  })

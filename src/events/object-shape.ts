import { z } from 'zod'

/** Text that a store can keep: no half characters, and none that nobody sees. */
const plainText = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
    .refine((text) => text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text), 'has characters that no name has')

export const bucketName = z.string().regex(/^[a-z0-9][\w.-]{1,220}[a-z0-9]$/, 'is no name of a bucket')

/** A reader that takes it for a path must not be led out of the prefix that a source may speak for. */
export const objectName = plainText(1_024).refine(
  (name) => !name.split('/').some((part) => part === '.' || part === '..'),
  'has a part that is . or ..',
)

export const generation = plainText(256)
export const checksumText = plainText(256)

/** JSON of Google's writes 64-bit numbers as text. */
export const wholeNumber = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,16}$/, 'is no whole number')
      .transform(Number),
  ])
  .pipe(z.int().nonnegative())

/** Cloud Storage's and BigQuery's count upwards, in digits. */
export const digits = z.union([
  z.string().regex(/^\d{1,20}$/, 'is no generation'),
  z.int().nonnegative().transform(String),
])

/** The first faults of something that has the wrong shape, in one line. */
export const describeShape = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'message'}: ${message}`)
    .join('; ')

import type { Column } from '../../policies/predictions/predictions.ts'
import { growingIntegers } from './growing.ts'

/** A column of texts of which few are distinct. What has more than `most` of them is not kept. */
export interface DistinctTexts {
  push(text: string): void
  /** Null where there were too many. */
  finish(): Column | null
}

export const createDistinctTexts = (most: number): DistinctTexts => {
  const places = new Map<string, number>()
  let codes: ReturnType<typeof growingIntegers> | null = growingIntegers()
  return {
    push: (text) => {
      if (codes === null) return
      let code = places.get(text)
      if (code === undefined) {
        if (places.size === most) {
          codes = null
          places.clear()
          return
        }
        code = places.size
        places.set(ownText(text), code)
      }
      codes.push(code)
    },
    finish: () => (codes === null ? null : { values: [...places.keys()], codes: codes.finish() }),
  }
}

/** A text that does not hold the whole block of the file in memory from which it was cut. */
export const ownText = (text: string): string => (text.length < 13 ? text : Buffer.from(text).toString())

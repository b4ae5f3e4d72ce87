import { Fault } from '../../domain/errors.ts'

/** The place in the author's file that called us; read only where something is wrong, since formatting a stack costs. */
export interface CallSite {
  readonly error: Error
}

export const callSite = (): CallSite => ({ error: new Error('call') })

const here = new URL('.', import.meta.url).href
const within = new URL('../catalogue/', import.meta.url).href
/** Our own frames, but not those of tests beside the sources. */
const isOurs = (file: string): boolean =>
  (file.startsWith(here) || file.startsWith(within)) && !/\.test\.[jt]s$/.test(file)

const asUrl = (file: string): string => (file.startsWith('file:') ? file : `file://${file}`)

/** `file:line:column` of the first frame outside of this library. */
export const placeOf = ({ error }: CallSite): string => {
  for (const line of (error.stack ?? '').split('\n')) {
    const frame = /\(?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line)
    if (frame === null || isOurs(asUrl(frame[1] as string))) continue
    return `${decodeURIComponent(new URL(asUrl(frame[1] as string)).pathname)}:${frame[2]}:${frame[3]}`
  }
  return 'pipeline'
}

const remedy = 'Correct the pipeline at the place named.'

/** What an author did wrong, at the line where it was done. */
export const misuse = (message: string, site: CallSite = callSite(), how = remedy): Fault =>
  new Fault('pipeline_invalid', `${placeOf(site)}: ${message}`, { remedy: how })

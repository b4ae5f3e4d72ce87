import { InvalidArgumentError, Option } from 'commander'

// Options that several commands have, and how their values are read.

export const json = (): Option => new Option('--json', 'print JSON for programs')
/** Rows are named by the number that the lists show. */
export const numberOf =
  (list: string) =>
  (value: string): string => {
    if (/^[1-9]\d{0,14}$/.test(value)) return value
    throw new InvalidArgumentError(`It is no number; \`winnow ${list}\` lists those there are.`)
  }
export const limit = (): Option =>
  new Option('-n, --limit <n>', 'how many, up to 1000').default('20').argParser((value) => {
    if (/^[1-9]\d{0,3}$/.test(value) && Number(value) <= 1_000) return value
    throw new InvalidArgumentError('It is no whole number from 1 to 1000.')
  })
export const percent = (value: string): number => {
  if (/^\d{1,3}(\.\d+)?$/.test(value) && Number(value) <= 100) return Number(value)
  throw new InvalidArgumentError('It is no percentage from 0 to 100.')
}
export const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

/** As the config's `declarations`. */
export const declarations = (): Option =>
  new Option('--declarations <pattern>', 'which winnow.yaml count, such as ml/*/winnow.yaml; repeatable').argParser(
    collect,
  )

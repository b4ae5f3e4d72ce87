import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Colour only where a person looks: a terminal, and NO_COLOR not set. */
export const paint = (format: Format, text: string): string => styleText(format, text, { stream: process.stdout })

const stateFormats: Readonly<Record<string, Format>> = {
  pass: 'green',
  succeeded: 'green',
  cached: 'green',
  live: 'green',
  started: 'green',
  fail: 'red',
  failed: 'red',
  invalid: 'red',
  stuck: 'red',
  rolledBack: 'red',
  refused: 'red',
  running: 'cyan',
  launching: 'cyan',
  inconclusive: 'yellow',
  held: 'yellow',
  holding: 'yellow',
  cancelled: 'yellow',
  skipped: 'gray',
  notTriggered: 'gray',
  ignored: 'gray',
}

export const paintState = (state: string): string => {
  const format = stateFormats[state]
  return format === undefined ? state : paint(format, state)
}

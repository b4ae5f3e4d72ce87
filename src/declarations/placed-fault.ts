/** Something wrong in a file that a person wrote, and where. */
export interface PlacedFault {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** Path inside the document, `gates.good enough.atLeast`; empty for the document as a whole. */
  readonly path: string
  /** What was expected and what stood there. */
  readonly message: string
}

export type DocumentPath = readonly (string | number)[]

/** `file:line:column: path: what was expected, what stood there` */
export const formatFault = (fault: PlacedFault): string =>
  [`${fault.file}:${fault.line}:${fault.column}`, ...(fault.path === '' ? [] : [fault.path]), fault.message].join(': ')

/** `pipelines.beans.on.push.branches[0]` */
export const formatPath = (path: DocumentPath): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )

/** File by file in the order of the text, each said once. */
export const sortFaults = (faults: readonly PlacedFault[]): readonly PlacedFault[] => {
  const files = [...new Set(faults.map(({ file }) => file))]
  const sorted = [...faults].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
  return sorted.filter((fault, i) => i === 0 || formatFault(fault) !== formatFault(sorted[i - 1] as PlacedFault))
}

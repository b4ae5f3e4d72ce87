/** A table as artifacts of type google.BQTable name it. */
export interface TableReference {
  readonly projectId: string
  readonly datasetId: string
  readonly tableId: string
}

/** Of `PROJECT.DATASET.TABLE`, with or without `bq://`; a project's domain may hold dots. */
export const tableReference = (name: string): TableReference => {
  const [tableId = '', datasetId = '', ...project] = name
    .replace(/^bq:\/\//, '')
    .split('.')
    .reverse()
  return { projectId: project.reverse().join('.'), datasetId, tableId }
}

/** The address of a table that a user may write with or without its scheme. */
export const tableAddress = (name: string): string => name.replace(/^(bq:\/\/)?/, 'bq://')

/** Where BigQuery's API would show it. */
export const tableUri = ({ projectId, datasetId, tableId }: TableReference): string =>
  `https://www.googleapis.com/bigquery/v2/projects/${projectId}/datasets/${datasetId}/tables/${tableId}`

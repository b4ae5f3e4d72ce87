// Made by scripts/make-catalogue.py.

export * from './automl.ts'
export * from './batch-predict.ts'
export * from './bigquery.ts'
export * from './custom-job.ts'
export * from './dataflow.ts'
export * from './dataproc.ts'
export * from './dataset.ts'
export * from './endpoint.ts'
export * from './model.ts'
export * from './model-evaluation.ts'
export * from './notification.ts'

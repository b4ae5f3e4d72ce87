import { readFileSync } from 'node:fs'
import type { JsonObject } from '../../domain/json.ts'
import type { Component } from '../ir.ts'

/** What is kept of a prebuilt component: see NOTICE in this folder. */
export interface CatalogueSpec {
  /** Its name in compiled pipelines, such as `tabular-dataset-create`. */
  readonly name: string
  /** The Python module that it comes from. */
  readonly module: string
  readonly component: Component
  /** `{container: {image, command, args}}` */
  readonly executor: JsonObject
}

/** The spec of an op of this folder, such as `TabularDatasetCreateOp`: a file that is delivered with the code. */
export const loadSpec = (op: string): CatalogueSpec =>
  JSON.parse(readFileSync(new URL(`./specs/${op}.json`, import.meta.url), 'utf8')) as CatalogueSpec

import type { TemplateName } from '../../domain/templates.ts'
import { compile } from '../authoring/compile.ts'
import type { PipelineSpec } from '../ir.ts'

/** The IR of a template. Those that nobody asks for are not even read. */
export const compileTemplate = async (name: TemplateName): Promise<PipelineSpec> => {
  const { automlTabularClassification, automlTabularRegression } = await import('./automl-tabular.ts')
  const pipelines = {
    'automl-tabular-classification': automlTabularClassification,
    'automl-tabular-regression': automlTabularRegression,
  } as const satisfies Readonly<Record<TemplateName, unknown>>
  return compile(pipelines[name])
}

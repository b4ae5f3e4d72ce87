import { jsonSchemaOf } from '../../policies/language/json-schema.ts'
import { printJson } from '../table.ts'

/** `winnow policy schema`: what an editor checks a policy by. */
export const policySchema = (of: 'policy' | 'gates' | 'cases'): void => printJson(jsonSchemaOf(of))

// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { FinalStatusType, ListType, Optional, StringType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const VertexNotificationEmailOp = catalogueOp<
  {
    pipeline_task_final_status: Optional<FinalStatusType>
    recipients: ListType
  },
  {}
>('VertexNotificationEmailOp')

export const WaitGcpResourcesOp = catalogueOp<
  {
    gcp_resources: StringType
  },
  {
    gcp_resources: StringType
  }
>('WaitGcpResourcesOp')

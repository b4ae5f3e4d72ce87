// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { ArtifactType, BooleanType, IntegerType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const EndpointCreateOp = catalogueOp<
  {
    description: Optional<StringType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    network: Optional<StringType>
    project: Optional<StringType>
  },
  {
    gcp_resources: StringType
    endpoint: ArtifactType<'google.VertexEndpoint'>
  }
>('EndpointCreateOp')

export const EndpointDeleteOp = catalogueOp<
  {
    endpoint: ArtifactType<'google.VertexEndpoint'>
  },
  {
    gcp_resources: StringType
  }
>('EndpointDeleteOp')

export const ModelDeployOp = catalogueOp<
  {
    automatic_resources_max_replica_count: Optional<IntegerType>
    automatic_resources_min_replica_count: Optional<IntegerType>
    dedicated_resources_accelerator_count: Optional<IntegerType>
    dedicated_resources_accelerator_type: Optional<StringType>
    dedicated_resources_machine_type: Optional<StringType>
    dedicated_resources_max_replica_count: Optional<IntegerType>
    dedicated_resources_min_replica_count: Optional<IntegerType>
    deployed_model_display_name: Optional<StringType>
    disable_container_logging: Optional<BooleanType>
    enable_access_logging: Optional<BooleanType>
    explanation_metadata: Optional<StructType>
    explanation_parameters: Optional<StructType>
    service_account: Optional<StringType>
    traffic_split: Optional<StructType>
    endpoint: Optional<ArtifactType<'google.VertexEndpoint'>>
    model: ArtifactType<'google.VertexModel'>
  },
  {
    gcp_resources: StringType
  }
>('ModelDeployOp')

export const ModelUndeployOp = catalogueOp<
  {
    traffic_split: Optional<StructType>
    endpoint: ArtifactType<'google.VertexEndpoint'>
    model: ArtifactType<'google.VertexModel'>
  },
  {
    gcp_resources: StringType
  }
>('ModelUndeployOp')

// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type {
  ArtifactType,
  BooleanType,
  IntegerType,
  ListType,
  Optional,
  StringType,
  StructType,
} from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const ModelBatchPredictOp = catalogueOp<
  {
    accelerator_count: Optional<IntegerType>
    accelerator_type: Optional<StringType>
    bigquery_destination_output_uri: Optional<StringType>
    bigquery_source_input_uri: Optional<StringType>
    encryption_spec_key_name: Optional<StringType>
    excluded_fields: Optional<ListType>
    explanation_metadata: Optional<StructType>
    explanation_parameters: Optional<StructType>
    gcs_destination_output_uri_prefix: Optional<StringType>
    gcs_source_uris: Optional<ListType>
    generate_explanation: Optional<BooleanType>
    included_fields: Optional<ListType>
    instance_type: Optional<StringType>
    instances_format: Optional<StringType>
    job_display_name: StringType
    key_field: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    machine_type: Optional<StringType>
    manual_batch_tuning_parameters_batch_size: Optional<IntegerType>
    max_replica_count: Optional<IntegerType>
    model_parameters: Optional<StructType>
    predictions_format: Optional<StringType>
    project: Optional<StringType>
    service_account: Optional<StringType>
    starting_replica_count: Optional<IntegerType>
    model: Optional<ArtifactType<'google.VertexModel'>>
    unmanaged_container_model: Optional<ArtifactType<'google.UnmanagedContainerModel'>>
  },
  {
    gcp_resources: StringType
    batchpredictionjob: ArtifactType<'google.VertexBatchPredictionJob'>
    bigquery_output_table: ArtifactType<'google.BQTable'>
    gcs_output_directory: ArtifactType<'system.Artifact'>
  }
>('ModelBatchPredictOp')

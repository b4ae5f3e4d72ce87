// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type {
  ArtifactType,
  BooleanType,
  DoubleType,
  IntegerType,
  ListType,
  Optional,
  StringType,
} from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const ModelEvaluationClassificationOp = catalogueOp<
  {
    class_labels: Optional<ListType>
    classification_type: Optional<StringType>
    dataflow_disk_size_gb: Optional<IntegerType>
    dataflow_machine_type: Optional<StringType>
    dataflow_max_workers_num: Optional<IntegerType>
    dataflow_service_account: Optional<StringType>
    dataflow_subnetwork: Optional<StringType>
    dataflow_use_public_ips: Optional<BooleanType>
    dataflow_workers_num: Optional<IntegerType>
    encryption_spec_key_name: Optional<StringType>
    force_runner_mode: Optional<StringType>
    ground_truth_bigquery_source: Optional<StringType>
    ground_truth_format: Optional<StringType>
    ground_truth_gcs_source: Optional<ListType>
    location: Optional<StringType>
    positive_classes: Optional<ListType>
    prediction_label_column: Optional<StringType>
    prediction_score_column: Optional<StringType>
    predictions_format: Optional<StringType>
    project: Optional<StringType>
    slicing_specs: Optional<ListType>
    target_field_name: StringType
    model: Optional<ArtifactType<'google.VertexModel'>>
    predictions_bigquery_source: Optional<ArtifactType<'google.BQTable'>>
    predictions_gcs_source: Optional<ArtifactType<'system.Artifact'>>
  },
  {
    gcp_resources: StringType
    evaluation_metrics: ArtifactType<'google.ClassificationMetrics'>
  }
>('ModelEvaluationClassificationOp')

export const ModelEvaluationForecastingOp = catalogueOp<
  {
    dataflow_disk_size_gb: Optional<IntegerType>
    dataflow_machine_type: Optional<StringType>
    dataflow_max_workers_num: Optional<IntegerType>
    dataflow_service_account: Optional<StringType>
    dataflow_subnetwork: Optional<StringType>
    dataflow_use_public_ips: Optional<BooleanType>
    dataflow_workers_num: Optional<IntegerType>
    encryption_spec_key_name: Optional<StringType>
    force_runner_mode: Optional<StringType>
    forecasting_quantiles: Optional<ListType>
    forecasting_type: Optional<StringType>
    ground_truth_bigquery_source: Optional<StringType>
    ground_truth_format: Optional<StringType>
    ground_truth_gcs_source: Optional<ListType>
    location: Optional<StringType>
    point_evaluation_quantile: Optional<DoubleType>
    prediction_score_column: Optional<StringType>
    predictions_format: Optional<StringType>
    project: Optional<StringType>
    target_field_name: StringType
    model: Optional<ArtifactType<'google.VertexModel'>>
    predictions_bigquery_source: Optional<ArtifactType<'google.BQTable'>>
    predictions_gcs_source: Optional<ArtifactType<'system.Artifact'>>
  },
  {
    gcp_resources: StringType
    evaluation_metrics: ArtifactType<'google.ForecastingMetrics'>
  }
>('ModelEvaluationForecastingOp')

export const ModelEvaluationRegressionOp = catalogueOp<
  {
    dataflow_disk_size_gb: Optional<IntegerType>
    dataflow_machine_type: Optional<StringType>
    dataflow_max_workers_num: Optional<IntegerType>
    dataflow_service_account: Optional<StringType>
    dataflow_subnetwork: Optional<StringType>
    dataflow_use_public_ips: Optional<BooleanType>
    dataflow_workers_num: Optional<IntegerType>
    encryption_spec_key_name: Optional<StringType>
    force_runner_mode: Optional<StringType>
    ground_truth_bigquery_source: Optional<StringType>
    ground_truth_format: Optional<StringType>
    ground_truth_gcs_source: Optional<ListType>
    location: Optional<StringType>
    prediction_score_column: Optional<StringType>
    predictions_format: Optional<StringType>
    project: Optional<StringType>
    target_field_name: StringType
    model: Optional<ArtifactType<'google.VertexModel'>>
    predictions_bigquery_source: Optional<ArtifactType<'google.BQTable'>>
    predictions_gcs_source: Optional<ArtifactType<'system.Artifact'>>
  },
  {
    gcp_resources: StringType
    evaluation_metrics: ArtifactType<'google.RegressionMetrics'>
  }
>('ModelEvaluationRegressionOp')

export const ModelImportEvaluationOp = catalogueOp<
  {
    dataset_path: Optional<StringType>
    dataset_paths: Optional<ListType>
    dataset_type: Optional<StringType>
    display_name: Optional<StringType>
    problem_type: Optional<StringType>
    classification_metrics: Optional<ArtifactType<'google.ClassificationMetrics'>>
    embedding_metrics: Optional<ArtifactType<'system.Metrics'>>
    explanation: Optional<ArtifactType<'system.Metrics'>>
    feature_attributions: Optional<ArtifactType<'system.Metrics'>>
    forecasting_metrics: Optional<ArtifactType<'google.ForecastingMetrics'>>
    metrics: Optional<ArtifactType<'system.Metrics'>>
    model: ArtifactType<'google.VertexModel'>
    question_answering_metrics: Optional<ArtifactType<'system.Metrics'>>
    regression_metrics: Optional<ArtifactType<'google.RegressionMetrics'>>
    row_based_metrics: Optional<ArtifactType<'system.Metrics'>>
    summarization_metrics: Optional<ArtifactType<'system.Metrics'>>
    text_generation_metrics: Optional<ArtifactType<'system.Metrics'>>
  },
  {
    evaluation_resource_name: StringType
    gcp_resources: StringType
  }
>('ModelImportEvaluationOp')

export const EvaluationDataSamplerOp = catalogueOp<
  {
    bigquery_source_uri: Optional<StringType>
    dataflow_service_account: Optional<StringType>
    dataflow_subnetwork: Optional<StringType>
    dataflow_use_public_ips: Optional<BooleanType>
    encryption_spec_key_name: Optional<StringType>
    force_runner_mode: Optional<StringType>
    gcs_source_uris: Optional<ListType>
    instances_format: Optional<StringType>
    location: Optional<StringType>
    project: StringType
    sample_size: Optional<IntegerType>
  },
  {
    bigquery_output_table: StringType
    gcp_resources: StringType
    gcs_output_directory: ListType
  }
>('EvaluationDataSamplerOp')

export const TargetFieldDataRemoverOp = catalogueOp<
  {
    bigquery_source_uri: Optional<StringType>
    dataflow_service_account: Optional<StringType>
    dataflow_subnetwork: Optional<StringType>
    dataflow_use_public_ips: Optional<BooleanType>
    encryption_spec_key_name: Optional<StringType>
    force_runner_mode: Optional<StringType>
    gcs_source_uris: Optional<ListType>
    instances_format: Optional<StringType>
    location: Optional<StringType>
    project: StringType
    target_field_name: Optional<StringType>
  },
  {
    bigquery_output_table: StringType
    gcp_resources: StringType
    gcs_output_directory: ListType
  }
>('TargetFieldDataRemoverOp')

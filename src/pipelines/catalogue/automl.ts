// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type {
  ArtifactType,
  BooleanType,
  DoubleType,
  IntegerType,
  ListType,
  Optional,
  StringType,
  StructType,
} from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const AutoMLForecastingTrainingJobRunOp = catalogueOp<
  {
    additional_experiments: Optional<ListType>
    available_at_forecast_columns: ListType
    budget_milli_node_hours: Optional<IntegerType>
    column_specs: Optional<StructType>
    column_transformations: Optional<ListType>
    context_window: Optional<IntegerType>
    data_granularity_count: IntegerType
    data_granularity_unit: StringType
    display_name: StringType
    export_evaluated_data_items: Optional<BooleanType>
    export_evaluated_data_items_bigquery_destination_uri: Optional<StringType>
    export_evaluated_data_items_override_destination: Optional<BooleanType>
    forecast_horizon: IntegerType
    hierarchy_group_columns: Optional<ListType>
    hierarchy_group_temporal_total_weight: Optional<DoubleType>
    hierarchy_group_total_weight: Optional<DoubleType>
    hierarchy_temporal_total_weight: Optional<DoubleType>
    holiday_regions: Optional<ListType>
    is_default_version: Optional<BooleanType>
    labels: Optional<StructType>
    location: Optional<StringType>
    model_display_name: Optional<StringType>
    model_encryption_spec_key_name: Optional<StringType>
    model_id: Optional<StringType>
    model_labels: Optional<StructType>
    model_version_aliases: Optional<ListType>
    model_version_description: Optional<StringType>
    optimization_objective: Optional<StringType>
    parent_model: Optional<StringType>
    predefined_split_column_name: Optional<StringType>
    project: StringType
    quantiles: Optional<ListType>
    target_column: StringType
    test_fraction_split: Optional<DoubleType>
    time_column: StringType
    time_series_attribute_columns: Optional<ListType>
    time_series_identifier_column: StringType
    timestamp_split_column_name: Optional<StringType>
    training_encryption_spec_key_name: Optional<StringType>
    training_fraction_split: Optional<DoubleType>
    unavailable_at_forecast_columns: ListType
    validation_fraction_split: Optional<DoubleType>
    validation_options: Optional<StringType>
    weight_column: Optional<StringType>
    window_column: Optional<StringType>
    window_max_count: Optional<IntegerType>
    window_stride_length: Optional<IntegerType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    model: ArtifactType<'google.VertexModel'>
  }
>('AutoMLForecastingTrainingJobRunOp')

export const AutoMLImageTrainingJobRunOp = catalogueOp<
  {
    budget_milli_node_hours: Optional<IntegerType>
    disable_early_stopping: Optional<BooleanType>
    display_name: StringType
    is_default_version: Optional<BooleanType>
    labels: Optional<StructType>
    location: Optional<StringType>
    model_display_name: Optional<StringType>
    model_encryption_spec_key_name: Optional<StringType>
    model_labels: Optional<StructType>
    model_type: Optional<StringType>
    model_version_aliases: Optional<ListType>
    model_version_description: Optional<StringType>
    multi_label: Optional<BooleanType>
    prediction_type: Optional<StringType>
    project: StringType
    test_filter_split: Optional<StringType>
    test_fraction_split: Optional<DoubleType>
    training_encryption_spec_key_name: Optional<StringType>
    training_filter_split: Optional<StringType>
    training_fraction_split: Optional<DoubleType>
    validation_filter_split: Optional<StringType>
    validation_fraction_split: Optional<DoubleType>
    base_model: Optional<ArtifactType<'google.VertexModel'>>
    dataset: ArtifactType<'google.VertexDataset'>
    incremental_train_base_model: Optional<ArtifactType<'google.VertexModel'>>
    parent_model: Optional<ArtifactType<'google.VertexModel'>>
  },
  {
    gcp_resources: StringType
    model: ArtifactType<'google.VertexModel'>
  }
>('AutoMLImageTrainingJobRunOp')

export const AutoMLTabularTrainingJobRunOp = catalogueOp<
  {
    budget_milli_node_hours: Optional<IntegerType>
    column_specs: Optional<StructType>
    column_transformations: Optional<ListType>
    disable_early_stopping: Optional<BooleanType>
    display_name: StringType
    export_evaluated_data_items: Optional<BooleanType>
    export_evaluated_data_items_bigquery_destination_uri: Optional<StringType>
    export_evaluated_data_items_override_destination: Optional<BooleanType>
    is_default_version: Optional<BooleanType>
    labels: Optional<StructType>
    location: Optional<StringType>
    model_display_name: Optional<StringType>
    model_encryption_spec_key_name: Optional<StringType>
    model_id: Optional<StringType>
    model_labels: Optional<StructType>
    model_version_aliases: Optional<ListType>
    model_version_description: Optional<StringType>
    optimization_objective: Optional<StringType>
    optimization_objective_precision_value: Optional<DoubleType>
    optimization_objective_recall_value: Optional<DoubleType>
    optimization_prediction_type: StringType
    parent_model: Optional<StringType>
    predefined_split_column_name: Optional<StringType>
    project: StringType
    target_column: StringType
    test_fraction_split: Optional<DoubleType>
    timestamp_split_column_name: Optional<StringType>
    training_encryption_spec_key_name: Optional<StringType>
    training_fraction_split: Optional<DoubleType>
    validation_fraction_split: Optional<DoubleType>
    weight_column: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    model: ArtifactType<'google.VertexModel'>
  }
>('AutoMLTabularTrainingJobRunOp')

export const AutoMLTextTrainingJobRunOp = catalogueOp<
  {
    display_name: StringType
    labels: Optional<StructType>
    location: Optional<StringType>
    model_display_name: Optional<StringType>
    model_encryption_spec_key_name: Optional<StringType>
    model_labels: Optional<StructType>
    multi_label: Optional<BooleanType>
    prediction_type: Optional<StringType>
    project: StringType
    sentiment_max: Optional<IntegerType>
    test_fraction_split: Optional<DoubleType>
    training_encryption_spec_key_name: Optional<StringType>
    training_fraction_split: Optional<DoubleType>
    validation_fraction_split: Optional<DoubleType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    model: ArtifactType<'google.VertexModel'>
  }
>('AutoMLTextTrainingJobRunOp')

export const AutoMLVideoTrainingJobRunOp = catalogueOp<
  {
    display_name: StringType
    labels: Optional<StructType>
    location: Optional<StringType>
    model_display_name: Optional<StringType>
    model_encryption_spec_key_name: Optional<StringType>
    model_labels: Optional<StructType>
    model_type: Optional<StringType>
    prediction_type: Optional<StringType>
    project: StringType
    test_fraction_split: Optional<DoubleType>
    training_encryption_spec_key_name: Optional<StringType>
    training_fraction_split: Optional<DoubleType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    model: ArtifactType<'google.VertexModel'>
  }
>('AutoMLVideoTrainingJobRunOp')

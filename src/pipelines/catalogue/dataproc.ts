// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { ListType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const DataprocPySparkBatchOp = catalogueOp<
  {
    archive_uris: Optional<ListType>
    args: Optional<ListType>
    autotuning_config: Optional<StructType>
    batch_id: Optional<StringType>
    cohort: Optional<StringType>
    container_image: Optional<StringType>
    file_uris: Optional<ListType>
    jar_file_uris: Optional<ListType>
    kms_key: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    main_python_file_uri: StringType
    metastore_service: Optional<StringType>
    network_tags: Optional<ListType>
    network_uri: Optional<StringType>
    project: Optional<StringType>
    python_file_uris: Optional<ListType>
    runtime_config_properties: Optional<StructType>
    runtime_config_version: Optional<StringType>
    service_account: Optional<StringType>
    spark_history_dataproc_cluster: Optional<StringType>
    subnetwork_uri: Optional<StringType>
  },
  {
    gcp_resources: StringType
  }
>('DataprocPySparkBatchOp')

export const DataprocSparkBatchOp = catalogueOp<
  {
    archive_uris: Optional<ListType>
    args: Optional<ListType>
    autotuning_config: Optional<StructType>
    batch_id: Optional<StringType>
    cohort: Optional<StringType>
    container_image: Optional<StringType>
    file_uris: Optional<ListType>
    jar_file_uris: Optional<ListType>
    kms_key: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    main_class: Optional<StringType>
    main_jar_file_uri: Optional<StringType>
    metastore_service: Optional<StringType>
    network_tags: Optional<ListType>
    network_uri: Optional<StringType>
    project: Optional<StringType>
    runtime_config_properties: Optional<StructType>
    runtime_config_version: Optional<StringType>
    service_account: Optional<StringType>
    spark_history_dataproc_cluster: Optional<StringType>
    subnetwork_uri: Optional<StringType>
  },
  {
    gcp_resources: StringType
  }
>('DataprocSparkBatchOp')

export const DataprocSparkRBatchOp = catalogueOp<
  {
    archive_uris: Optional<ListType>
    args: Optional<ListType>
    autotuning_config: Optional<StructType>
    batch_id: Optional<StringType>
    cohort: Optional<StringType>
    container_image: Optional<StringType>
    file_uris: Optional<ListType>
    kms_key: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    main_r_file_uri: Optional<StringType>
    metastore_service: Optional<StringType>
    network_tags: Optional<ListType>
    network_uri: Optional<StringType>
    project: Optional<StringType>
    runtime_config_properties: Optional<StructType>
    runtime_config_version: Optional<StringType>
    service_account: Optional<StringType>
    spark_history_dataproc_cluster: Optional<StringType>
    subnetwork_uri: Optional<StringType>
  },
  {
    gcp_resources: StringType
  }
>('DataprocSparkRBatchOp')

export const DataprocSparkSqlBatchOp = catalogueOp<
  {
    autotuning_config: Optional<StructType>
    batch_id: Optional<StringType>
    cohort: Optional<StringType>
    container_image: Optional<StringType>
    jar_file_uris: Optional<ListType>
    kms_key: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    metastore_service: Optional<StringType>
    network_tags: Optional<ListType>
    network_uri: Optional<StringType>
    project: Optional<StringType>
    query_file_uri: Optional<StringType>
    query_variables: Optional<StructType>
    runtime_config_properties: Optional<StructType>
    runtime_config_version: Optional<StringType>
    service_account: Optional<StringType>
    spark_history_dataproc_cluster: Optional<StringType>
    subnetwork_uri: Optional<StringType>
  },
  {
    gcp_resources: StringType
  }
>('DataprocSparkSqlBatchOp')

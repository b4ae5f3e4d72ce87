// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { BooleanType, IntegerType, ListType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const CustomTrainingJobOp = catalogueOp<
  {
    base_output_directory: Optional<StringType>
    display_name: StringType
    enable_web_access: Optional<BooleanType>
    encryption_spec_key_name: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    max_wait_duration: Optional<StringType>
    network: Optional<StringType>
    persistent_resource_id: Optional<StringType>
    project: Optional<StringType>
    psc_interface_config: Optional<StructType>
    reserved_ip_ranges: Optional<ListType>
    restart_job_on_worker_restart: Optional<BooleanType>
    service_account: Optional<StringType>
    strategy: Optional<StringType>
    tensorboard: Optional<StringType>
    timeout: Optional<StringType>
    worker_pool_specs: Optional<ListType>
  },
  {
    gcp_resources: StringType
  }
>('CustomTrainingJobOp')

export const HyperparameterTuningJobRunOp = catalogueOp<
  {
    base_output_directory: StringType
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    location: Optional<StringType>
    max_failed_trial_count: Optional<IntegerType>
    max_trial_count: IntegerType
    network: Optional<StringType>
    parallel_trial_count: IntegerType
    project: Optional<StringType>
    service_account: Optional<StringType>
    study_spec_algorithm: Optional<StringType>
    study_spec_measurement_selection_type: Optional<StringType>
    study_spec_metrics: ListType
    study_spec_parameters: ListType
    worker_pool_specs: ListType
  },
  {
    gcp_resources: StringType
  }
>('HyperparameterTuningJobRunOp')

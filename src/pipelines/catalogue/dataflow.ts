// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { BooleanType, IntegerType, ListType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const DataflowFlexTemplateJobOp = catalogueOp<
  {
    additional_experiments: Optional<ListType>
    additional_user_labels: Optional<StructType>
    autoscaling_algorithm: Optional<StringType>
    container_spec_gcs_path: StringType
    disk_size_gb: Optional<IntegerType>
    dump_heap_on_oom: Optional<BooleanType>
    enable_launcher_vm_serial_port_logging: Optional<BooleanType>
    enable_streaming_engine: Optional<BooleanType>
    flexrs_goal: Optional<StringType>
    ip_configuration: Optional<StringType>
    job_name: Optional<StringType>
    kms_key_name: Optional<StringType>
    launch_options: Optional<StructType>
    launcher_machine_type: Optional<StringType>
    location: Optional<StringType>
    machine_type: Optional<StringType>
    max_workers: Optional<IntegerType>
    network: Optional<StringType>
    num_workers: Optional<IntegerType>
    parameters: Optional<StructType>
    project: Optional<StringType>
    save_heap_dumps_to_gcs_path: Optional<StringType>
    sdk_container_image: Optional<StringType>
    service_account_email: Optional<StringType>
    staging_location: Optional<StringType>
    subnetwork: Optional<StringType>
    temp_location: Optional<StringType>
    transform_name_mappings: Optional<StructType>
    update: Optional<BooleanType>
    validate_only: Optional<BooleanType>
    worker_region: Optional<StringType>
    worker_zone: Optional<StringType>
  },
  {
    gcp_resources: StringType
  }
>('DataflowFlexTemplateJobOp')

export const DataflowPythonJobOp = catalogueOp<
  {
    args: Optional<ListType>
    location: Optional<StringType>
    project: Optional<StringType>
    python_module_path: StringType
    requirements_file_path: Optional<StringType>
    temp_location: StringType
  },
  {
    gcp_resources: StringType
  }
>('DataflowPythonJobOp')

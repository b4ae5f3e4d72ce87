// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { ArtifactType, ListType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const ModelDeleteOp = catalogueOp<
  {
    model: ArtifactType<'google.VertexModel'>
  },
  {
    gcp_resources: StringType
  }
>('ModelDeleteOp')

export const ModelExportOp = catalogueOp<
  {
    artifact_destination: Optional<StringType>
    export_format_id: StringType
    image_destination: Optional<StringType>
    model: ArtifactType<'google.VertexModel'>
  },
  {
    gcp_resources: StringType
    output_info: StructType
  }
>('ModelExportOp')

export const ModelGetOp = catalogueOp<
  {
    location: Optional<StringType>
    model_name: StringType
    project: Optional<StringType>
  },
  {
    model: ArtifactType<'google.VertexModel'>
  }
>('ModelGetOp')

export const ModelUploadOp = catalogueOp<
  {
    description: Optional<StringType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    explanation_metadata: Optional<StructType>
    explanation_parameters: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    version_aliases: Optional<ListType>
    parent_model: Optional<ArtifactType<'google.VertexModel'>>
    unmanaged_container_model: Optional<ArtifactType<'google.UnmanagedContainerModel'>>
  },
  {
    gcp_resources: StringType
    model: ArtifactType<'google.VertexModel'>
  }
>('ModelUploadOp')

export const GetVertexModelOp = catalogueOp<
  {
    model_name: StringType
    model_version: Optional<StringType>
  },
  {
    gcp_resources: StringType
    model: ArtifactType<'google.VertexModel'>
  }
>('GetVertexModelOp')

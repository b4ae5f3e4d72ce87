// Made by scripts/make-catalogue.py from google-cloud-pipeline-components 2.22.0.

import type { ArtifactType, Optional, StringType, StructType } from '../authoring/types.ts'
import { catalogueOp } from './catalogue-op.ts'

export const GetVertexDatasetOp = catalogueOp<
  {
    dataset_resource_name: StringType
  },
  {
    gcp_resources: StringType
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('GetVertexDatasetOp')

export const ImageDatasetCreateOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('ImageDatasetCreateOp')

export const ImageDatasetExportDataOp = catalogueOp<
  {
    location: Optional<StringType>
    output_dir: StringType
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    exported_dataset: ArtifactType<'google.VertexDataset'>
  }
>('ImageDatasetExportDataOp')

export const ImageDatasetImportDataOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    location: Optional<StringType>
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('ImageDatasetImportDataOp')

export const TabularDatasetCreateOp = catalogueOp<
  {
    bq_source: Optional<StringType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    gcs_source: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('TabularDatasetCreateOp')

export const TabularDatasetExportDataOp = catalogueOp<
  {
    location: Optional<StringType>
    output_dir: StringType
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    exported_dataset: ArtifactType<'google.VertexDataset'>
  }
>('TabularDatasetExportDataOp')

export const TextDatasetCreateOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('TextDatasetCreateOp')

export const TextDatasetExportDataOp = catalogueOp<
  {
    location: Optional<StringType>
    output_dir: StringType
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    exported_dataset: ArtifactType<'google.VertexDataset'>
  }
>('TextDatasetExportDataOp')

export const TextDatasetImportDataOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    location: Optional<StringType>
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('TextDatasetImportDataOp')

export const TimeSeriesDatasetCreateOp = catalogueOp<
  {
    bq_source: Optional<StringType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    gcs_source: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('TimeSeriesDatasetCreateOp')

export const TimeSeriesDatasetExportDataOp = catalogueOp<
  {
    location: Optional<StringType>
    output_dir: StringType
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    exported_dataset: ArtifactType<'google.VertexDataset'>
  }
>('TimeSeriesDatasetExportDataOp')

export const VideoDatasetCreateOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    display_name: StringType
    encryption_spec_key_name: Optional<StringType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('VideoDatasetCreateOp')

export const VideoDatasetExportDataOp = catalogueOp<
  {
    location: Optional<StringType>
    output_dir: StringType
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    exported_dataset: ArtifactType<'google.VertexDataset'>
  }
>('VideoDatasetExportDataOp')

export const VideoDatasetImportDataOp = catalogueOp<
  {
    data_item_labels: Optional<StructType>
    gcs_source: Optional<StringType>
    import_schema_uri: Optional<StringType>
    location: Optional<StringType>
    project: Optional<StringType>
    dataset: ArtifactType<'google.VertexDataset'>
  },
  {
    dataset: ArtifactType<'google.VertexDataset'>
  }
>('VideoDatasetImportDataOp')

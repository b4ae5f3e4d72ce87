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

export const BigqueryCreateModelJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query: StringType
    query_parameters: Optional<ListType>
  },
  {
    gcp_resources: StringType
    model: ArtifactType<'google.BQMLModel'>
  }
>('BigqueryCreateModelJobOp')

export const BigqueryDetectAnomaliesModelJobOp = catalogueOp<
  {
    anomaly_prob_threshold: Optional<DoubleType>
    contamination: Optional<DoubleType>
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryDetectAnomaliesModelJobOp')

export const BigqueryDropModelJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
  }
>('BigqueryDropModelJobOp')

export const BigqueryEvaluateModelJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    threshold: Optional<DoubleType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    evaluation_metrics: ArtifactType<'system.Artifact'>
  }
>('BigqueryEvaluateModelJobOp')

export const BigqueryExplainForecastModelJobOp = catalogueOp<
  {
    confidence_level: Optional<DoubleType>
    encryption_spec_key_name: Optional<StringType>
    horizon: Optional<IntegerType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryExplainForecastModelJobOp')

export const BigqueryExplainPredictModelJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    num_integral_steps: Optional<IntegerType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    threshold: Optional<DoubleType>
    top_k_features: Optional<IntegerType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryExplainPredictModelJobOp')

export const BigqueryExportModelJobOp = catalogueOp<
  {
    job_configuration_extract: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    model_destination_path: StringType
    project: Optional<StringType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    exported_model_path: StringType
    gcp_resources: StringType
  }
>('BigqueryExportModelJobOp')

export const BigqueryForecastModelJobOp = catalogueOp<
  {
    confidence_level: Optional<DoubleType>
    encryption_spec_key_name: Optional<StringType>
    horizon: Optional<IntegerType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryForecastModelJobOp')

export const BigqueryMLAdvancedWeightsJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    advanced_weights: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLAdvancedWeightsJobOp')

export const BigqueryMLArimaCoefficientsJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    arima_coefficients: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLArimaCoefficientsJobOp')

export const BigqueryMLArimaEvaluateJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    show_all_candidate_models: Optional<BooleanType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    arima_evaluation_metrics: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLArimaEvaluateJobOp')

export const BigqueryMLCentroidsJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    standardize: Optional<BooleanType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    centroids: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLCentroidsJobOp')

export const BigqueryMLConfusionMatrixJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    threshold: Optional<DoubleType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    confusion_matrix: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLConfusionMatrixJobOp')

export const BigqueryMLFeatureImportanceJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    feature_importance: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLFeatureImportanceJobOp')

export const BigqueryMLFeatureInfoJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    feature_info: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLFeatureInfoJobOp')

export const BigqueryMLGlobalExplainJobOp = catalogueOp<
  {
    class_level_explain: Optional<BooleanType>
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLGlobalExplainJobOp')

export const BigqueryMLPrincipalComponentInfoJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLPrincipalComponentInfoJobOp')

export const BigqueryMLPrincipalComponentsJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLPrincipalComponentsJobOp')

export const BigqueryMLRecommendJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLRecommendJobOp')

export const BigqueryMLReconstructionLossJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLReconstructionLossJobOp')

export const BigqueryMLRocCurveJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    thresholds: Optional<StringType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    roc_curve: ArtifactType<'google.BQTable'>
  }
>('BigqueryMLRocCurveJobOp')

export const BigqueryMLTrainingInfoJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    ml_training_info: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLTrainingInfoJobOp')

export const BigqueryMLTrialInfoJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    trial_info: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLTrialInfoJobOp')

export const BigqueryMLWeightsJobOp = catalogueOp<
  {
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    weights: ArtifactType<'system.Artifact'>
  }
>('BigqueryMLWeightsJobOp')

export const BigqueryPredictModelJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query_parameters: Optional<ListType>
    query_statement: Optional<StringType>
    table_name: Optional<StringType>
    threshold: Optional<DoubleType>
    model: ArtifactType<'google.BQMLModel'>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryPredictModelJobOp')

export const BigqueryQueryJobOp = catalogueOp<
  {
    encryption_spec_key_name: Optional<StringType>
    job_configuration_query: Optional<StructType>
    labels: Optional<StructType>
    location: Optional<StringType>
    project: Optional<StringType>
    query: Optional<StringType>
    query_parameters: Optional<ListType>
  },
  {
    gcp_resources: StringType
    destination_table: ArtifactType<'google.BQTable'>
  }
>('BigqueryQueryJobOp')

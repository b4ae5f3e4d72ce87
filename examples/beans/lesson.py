"""AutoML on the dry beans, as Google's lesson teaches it: train, read the evaluation, deploy if it is good enough.

The steps and their names are those of the lesson "AutoML Tabular training in Vertex AI Pipelines". The pipeline decides and
deploys by itself; beans.py is the same training with both left to Winnow.

    winnow pipeline run lesson.py --map bq://aju-dev-demos.beans.beans1=beans.csv
"""

from typing import NamedTuple

from google_cloud_pipeline_components.v1.automl.training_job import AutoMLTabularTrainingJobRunOp
from google_cloud_pipeline_components.v1.dataset import TabularDatasetCreateOp
from google_cloud_pipeline_components.v1.endpoint import EndpointCreateOp, ModelDeployOp
from kfp import dsl

MEASUREMENTS = [
    "Area",
    "Perimeter",
    "MajorAxisLength",
    "MinorAxisLength",
    "AspectRation",
    "Eccentricity",
    "ConvexArea",
    "EquivDiameter",
    "Extent",
    "Solidity",
    "roundness",
    "Compactness",
    "ShapeFactor1",
    "ShapeFactor2",
    "ShapeFactor3",
    "ShapeFactor4",
]


@dsl.component(base_image="python:3.11", packages_to_install=["google-cloud-aiplatform==1.165.1"])
def classification_model_eval_metrics(
    location: str,
    api_endpoint: str,
    thresholds_dict_str: str,
    model: dsl.Input[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    metricsc: dsl.Output[dsl.ClassificationMetrics],
) -> NamedTuple("Outputs", [("dep_decision", str)]):
    """Reads the model's evaluation from the registry, logs it, and compares it with the thresholds.

    `thresholds_dict_str` is JSON, metric name to the least value that is good enough. The decision is "true" or "false".
    """
    import json
    import logging
    from collections import namedtuple

    from google.cloud import aiplatform
    from google.protobuf.json_format import MessageToDict

    def read_evaluation(model_name):
        client = aiplatform.gapic.ModelServiceClient(client_options={"api_endpoint": api_endpoint})
        evaluations = list(client.list_model_evaluations(parent=model_name))
        if not evaluations:
            raise RuntimeError(f"{model_name} has no evaluation")
        return MessageToDict(evaluations[0]._pb)["metrics"]

    def log_evaluation(evaluation):
        curve = evaluation.get("confidenceMetrics", [])
        if curve:
            metricsc.log_roc_curve(
                [point.get("falsePositiveRate", 0.0) for point in curve],
                [point.get("recall", 0.0) for point in curve],
                [point.get("confidenceThreshold", 0.0) for point in curve],
            )
        confusion = evaluation["confusionMatrix"]
        labels = [spec["displayName"] for spec in confusion["annotationSpecs"]]
        metricsc.log_confusion_matrix(labels, confusion["rows"])
        for name, value in evaluation.items():
            if name != "confidenceMetrics":
                metrics.log_metric(name, json.dumps(value))

    def is_good_enough(evaluation, thresholds):
        for name, least in thresholds.items():
            if name not in evaluation:
                raise ValueError(f"the evaluation has no {name}; it has {', '.join(sorted(evaluation))}")
            logging.info("%s is %s, at least %s is wanted", name, evaluation[name], least)
            if evaluation[name] < least:
                return False
        return True

    logging.getLogger().setLevel(logging.INFO)
    evaluation = read_evaluation(model.metadata["resourceName"])
    log_evaluation(evaluation)
    decision = "true" if is_good_enough(evaluation, json.loads(thresholds_dict_str)) else "false"
    logging.info("deployment decision in %s: %s", location, decision)
    return namedtuple("Outputs", ["dep_decision"])(dep_decision=decision)


@dsl.pipeline(name="automl-tab-beans-training-v2")
def pipeline(
    bq_source: str = "bq://aju-dev-demos.beans.beans1",
    display_name: str = "automl-beans",
    project: str = "local",
    gcp_region: str = "local",
    api_endpoint: str = "us-central1-aiplatform.googleapis.com",
    thresholds_dict_str: str = '{"auRoc": 0.95}',
):
    """On Google Cloud give `project`, `gcp_region` and `api_endpoint`; their defaults are those of the local platform."""
    dataset_create_op = TabularDatasetCreateOp(
        project=project, location=gcp_region, display_name=display_name, bq_source=bq_source
    )

    training_op = AutoMLTabularTrainingJobRunOp(
        project=project,
        location=gcp_region,
        display_name=display_name,
        optimization_prediction_type="classification",
        optimization_objective="minimize-log-loss",
        budget_milli_node_hours=1000,
        model_display_name=display_name,
        column_transformations=[
            *[{"numeric": {"column_name": name}} for name in MEASUREMENTS],
            {"categorical": {"column_name": "Class"}},
        ],
        dataset=dataset_create_op.outputs["dataset"],
        target_column="Class",
    )

    model_eval_task = classification_model_eval_metrics(
        location=gcp_region,
        api_endpoint=api_endpoint,
        thresholds_dict_str=thresholds_dict_str,
        model=training_op.outputs["model"],
    )

    with dsl.If(model_eval_task.outputs["dep_decision"] == "true", name="deploy_decision"):
        endpoint_op = EndpointCreateOp(project=project, location=gcp_region, display_name=display_name)

        ModelDeployOp(
            model=training_op.outputs["model"],
            endpoint=endpoint_op.outputs["endpoint"],
            dedicated_resources_min_replica_count=1,
            dedicated_resources_max_replica_count=1,
            dedicated_resources_machine_type="n1-standard-4",
        )

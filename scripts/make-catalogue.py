"""
Writes src/pipelines/catalogue out of the installed google-cloud-pipeline-components: `specs/OP.json` (the component and its
executor, as the Python SDK gives them) and one file of typed ops for each module. Run it with that package's Python, then
`npm run format`.
"""

import importlib
import json
import re
from importlib.metadata import version
from pathlib import Path

from google.protobuf import json_format
from kfp.dsl.base_component import BaseComponent

ROOT = "google_cloud_pipeline_components"
FOLDER = Path(__file__).parent.parent / "src/pipelines/catalogue"
EVALUATION = f"{ROOT}._implementation.model_evaluation"

# File → the modules whose ops it holds, and the ops of a module where not all of them.
FILES = {
    "automl": [(f"{ROOT}.v1.automl.training_job", None)],
    "batch-predict": [(f"{ROOT}.v1.batch_predict_job", None)],
    "bigquery": [(f"{ROOT}.v1.bigquery", None)],
    "custom-job": [(f"{ROOT}.v1.custom_job", None), (f"{ROOT}.v1.hyperparameter_tuning_job", None)],
    "dataflow": [(f"{ROOT}.v1.dataflow", None)],
    "dataproc": [(f"{ROOT}.v1.dataproc", None)],
    "dataset": [(f"{ROOT}.v1.dataset", None)],
    "endpoint": [(f"{ROOT}.v1.endpoint", None)],
    "model": [(f"{ROOT}.v1.model", None), (f"{ROOT}._implementation.model.get_model.component", {"get_vertex_model": "GetVertexModelOp"})],
    "model-evaluation": [
        (f"{ROOT}.v1.model_evaluation", None),
        (f"{ROOT}.preview.model_evaluation.model_evaluation_import_component", {"model_evaluation_import": "ModelImportEvaluationOp"}),
        (EVALUATION, {"TargetFieldDataRemoverOp": "TargetFieldDataRemoverOp", "EvaluationDataSamplerOp": "EvaluationDataSamplerOp"}),
    ],
    "notification": [(f"{ROOT}.v1.vertex_notification_email", None), (f"{ROOT}.v1.wait_gcp_resources", None)],
}

PARAMETERS = {
    "STRING": "StringType",
    "NUMBER_INTEGER": "IntegerType",
    "NUMBER_DOUBLE": "DoubleType",
    "BOOLEAN": "BooleanType",
    "LIST": "ListType",
    "STRUCT": "StructType",
    "TASK_FINAL_STATUS": "FinalStatusType",
}


def single(component):
    """Whether it is one container; ready-made pipelines of several are no ops."""
    return isinstance(component, BaseComponent) and len(component.pipeline_spec.deployment_spec["executors"]) == 1


def ops_of(module, names):
    loaded = importlib.import_module(module)
    names = names or {name: name for name in loaded.__all__}
    return {names[name]: getattr(loaded, name) for name in names if single(getattr(loaded, name))}


def spec_of(module, component):
    spec = json_format.MessageToDict(component.pipeline_spec)
    [(key, definition)] = spec["components"].items()
    executor = spec["deploymentSpec"]["executors"][definition.pop("executorLabel")]
    return {"name": key.removeprefix("comp-"), "module": module, "component": definition, "executor": executor}


def member(name, type_name):
    return f"    {name}: {type_name}"


def parameter_type(definition):
    base = PARAMETERS[definition["parameterType"]]
    return f"Optional<{base}>" if definition.get("isOptional") or "defaultValue" in definition else base


def artifact_type(definition):
    kind = "ArtifactListType" if definition.get("isArtifactList") else "ArtifactType"
    base = f"{kind}<{json.dumps(definition['artifactType'].get('schemaTitle', 'system.Artifact'))}>"
    return f"Optional<{base}>" if definition.get("isOptional") else base


def interface(definitions, plain=False):
    members = [member(name, PARAMETERS[one["parameterType"]] if plain else parameter_type(one)) for name, one in sorted(definitions.get("parameters", {}).items())]
    members += [member(name, artifact_type(one)) for name, one in sorted(definitions.get("artifacts", {}).items())]
    return "{\n" + "\n".join(members) + "\n  }" if members else "{}"


def write(name, modules):
    declarations = []
    for module, names in modules:
        for op, component in sorted(ops_of(module, names).items()):
            spec = spec_of(module, component)
            (FOLDER / "specs" / f"{op}.json").write_text(json.dumps(spec, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
            inputs = interface(spec["component"].get("inputDefinitions", {}))
            outputs = interface(spec["component"].get("outputDefinitions", {}), plain=True)
            declarations.append(f"export const {op} = catalogueOp<\n  {inputs},\n  {outputs}\n>('{op}')\n")
    body = "\n".join(declarations)
    used = sorted(name for name in {*PARAMETERS.values(), "ArtifactType", "ArtifactListType", "Optional"} if re.search(rf"\b{name}\b", body))
    head = f"// Made by scripts/make-catalogue.py from google-cloud-pipeline-components {version('google-cloud-pipeline-components')}.\n\n"
    head += f"import type {{ {', '.join(used)} }} from '../authoring/types.ts'\nimport {{ catalogueOp }} from './catalogue-op.ts'\n\n"
    (FOLDER / f"{name}.ts").write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    (FOLDER / "specs").mkdir(parents=True, exist_ok=True)
    for stale in (FOLDER / "specs").glob("*.json"):
        stale.unlink()
    for file, modules in FILES.items():
        write(file, modules)
    exports = "".join(f"export * from './{name}.ts'\n" for name in FILES)
    (FOLDER / "index.ts").write_text("// Made by scripts/make-catalogue.py.\n\n" + exports, encoding="utf-8")

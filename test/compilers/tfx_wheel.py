"""Writes a wheel of a package `tfx` with the interface of TFX's runner and little else: python tfx_wheel.py FOLDER.

TFX itself does not install everywhere. The job that this one makes has the form of TFX's: schema 2.0.0, typed constants,
a resolver, and a condition on a blessing.
"""

import sys
import zipfile

[folder] = sys.argv[1:]
name, version = "tfx", "1.99.0"
info = f"{name}-{version}.dist-info"
runner = '''
class KubeflowV2DagRunnerConfig:
    def __init__(self, display_name=None, default_image=None, use_pipeline_spec_2_1=False):
        self.display_name, self.use_2_1 = display_name, use_pipeline_spec_2_1


def artifact(title):
    return {"artifactType": {"instanceSchema": f"title: tfx.{title}\\ntype: object\\n"}}


def read(producer, key):
    return {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": key}}


class KubeflowV2DagRunner:
    def __init__(self, config, output_dir=None, output_filename=None):
        if not isinstance(config, KubeflowV2DagRunnerConfig):
            raise TypeError("config must be a KubeflowV2DagRunnerConfig")
        self.config = config

    def run(self, pipeline, parameter_values=None, write_out=True):
        tasks = {
            "Latest": {"componentRef": {"name": "Latest"}, "taskInfo": {"name": "Latest"}},
            "Trainer": {"componentRef": {"name": "Trainer"}, "taskInfo": {"name": "Trainer"},
                        "inputs": {"parameters": {
                            "steps": {"runtimeValue": {"constantValue": {"intValue": str(pipeline.steps)}}},
                            "rate": {"componentInputParameter": "rate"}}}},
            "Evaluator": {"componentRef": {"name": "Evaluator"}, "taskInfo": {"name": "Evaluator"},
                          "dependentTasks": ["Latest", "Trainer"],
                          "inputs": {"artifacts": {"model": read("Trainer", "model"), "baseline": read("Latest", "model")}}},
            "Pusher": {"componentRef": {"name": "Pusher"}, "taskInfo": {"name": "Pusher"},
                       "dependentTasks": ["Evaluator", "Trainer"],
                       "inputs": {"artifacts": {"model": read("Trainer", "model"),
                                                "_Evaluator.blessing": read("Evaluator", "blessing")}},
                       "triggerPolicy": {"condition":
                           "(inputs.artifacts['_Evaluator.blessing'].artifacts[0].metadata['blessed'] == 1.0)"}},
        }
        outputs = {"Latest": ("model", "Model"), "Trainer": ("model", "Model"), "Evaluator": ("blessing", "ModelBlessing"),
                   "Pusher": ("pushed", "PushedModel")}
        inputs = {"Trainer": {"parameters": {"steps": {"type": "INT"}, "rate": {"type": "DOUBLE"}}},
                  "Evaluator": {"artifacts": {"model": artifact("Model"), "baseline": artifact("Model")}},
                  "Pusher": {"artifacts": {"model": artifact("Model"), "_Evaluator.blessing": artifact("ModelBlessing")}}}
        components = {task: {"executorLabel": f"{task}_executor", "outputDefinitions": {"artifacts": {key: artifact(title)}},
                             **({"inputDefinitions": inputs[task]} if task in inputs else {})}
                      for task, (key, title) in outputs.items()}
        executors = {f"{task}_executor": {"container": {
            "image": "tfx:1.99.0",
            "command": ["python", "-m", "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"],
            "args": ["--executor_class_path", f"tfx.{task}", "--json_serialized_invocation_args", "{{$}}"]}}
            for task in outputs if task != "Latest"}
        executors["Latest_executor"] = {"resolver": {"outputArtifactQueries": {"model": {
            "filter": 'schema_title="tfx.Model" AND state=LIVE'}}}}
        return {
            "displayName": self.config.display_name or pipeline.pipeline_info.pipeline_name,
            "labels": {"tfx_version": "1-99-0"},
            "runtimeConfig": {"gcsOutputDirectory": pipeline.pipeline_info.pipeline_root},
            "pipelineSpec": {
                "pipelineInfo": {"name": pipeline.pipeline_info.pipeline_name},
                "schemaVersion": "2.1.0" if self.config.use_2_1 else "2.0.0",
                "sdkVersion": "tfx-1.99.0",
                "root": {"dag": {"tasks": tasks},
                         "inputDefinitions": {"parameters": {"rate": {"type": "DOUBLE", "defaultValue": {"doubleValue": 0.25}}}}},
                "components": components,
                "deploymentSpec": {"executors": executors},
            },
        }
'''
pipeline = '''
class PipelineInfo:
    def __init__(self, name, root):
        self.pipeline_name, self.pipeline_root = name, root


class Pipeline:
    def __init__(self, pipeline_name, pipeline_root, steps=10, **_):
        self.pipeline_info, self.steps = PipelineInfo(pipeline_name, pipeline_root), steps
'''
files = {
    "tfx/__init__.py": "",
    "tfx/version.py": f"__version__ = {version!r}\n",
    "tfx/orchestration/__init__.py": "",
    "tfx/orchestration/pipeline.py": pipeline,
    "tfx/orchestration/kubeflow/__init__.py": "",
    "tfx/orchestration/kubeflow/v2/__init__.py": "",
    "tfx/orchestration/kubeflow/v2/kubeflow_v2_dag_runner.py": runner,
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    for path, text in files.items():
        wheel.writestr(path, text)

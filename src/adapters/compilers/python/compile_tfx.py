"""Compiles one TFX pipeline by TFX's own runner: python compile_tfx.py ROOT FILE FUNCTION OUTPUT, as _winnow_source says."""
import inspect

from _winnow_source import MAX_TEXT, Refusal, load, report

DEFAULT_FUNCTION = 'create_pipeline'


def choose(module, function, pipeline_type):
    """The pipeline that FUNCTION makes or names; without a name, what create_pipeline makes, or the file's only pipeline."""
    here = [name for name, value in vars(module).items() if isinstance(value, pipeline_type)]
    made = getattr(module, function or DEFAULT_FUNCTION, None)
    if made is None:
        distinct = list({id(getattr(module, name)): name for name in here}.values())
        if function:
            raise Refusal(kind='missing', names=distinct)
        if len(distinct) > 1:
            raise Refusal(kind='several', names=distinct)
        if not distinct:
            raise Refusal(kind='none', names=[])
        made = getattr(module, distinct[0])
    if isinstance(made, pipeline_type):
        return made
    if not callable(made):
        raise Refusal(kind='plain', names=here, callable=False)
    needed = [name for name, parameter in inspect.signature(made).parameters.items()
              if parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)]
    if needed:
        raise Refusal(kind='needs-arguments', names=needed)
    pipeline = made()
    if not isinstance(pipeline, pipeline_type):
        raise Refusal(kind='plain', names=here, callable=True)
    return pipeline


def compile_pipeline(root, file, function):
    try:
        from tfx import version
        from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as runner
        from tfx.orchestration.pipeline import Pipeline
    except ImportError as error:
        raise Refusal(kind='no-sdk', message=str(error)[:MAX_TEXT])
    pipeline = choose(load(root, file), function, Pipeline)
    job = runner.KubeflowV2DagRunner(config=runner.KubeflowV2DagRunnerConfig()).run(pipeline, write_out=False)
    return {'kind': 'job', 'sdk': version.__version__, 'job': job}


def main():
    report(compile_pipeline)


if __name__ == '__main__':
    main()

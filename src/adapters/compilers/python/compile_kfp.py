"""Compiles one KFP pipeline: python compile_kfp.py ROOT FILE FUNCTION OUTPUT, as _winnow_source says."""
import sys

from _winnow_source import MAX_TEXT, Refusal, load, report


def choose(module, function):
    from kfp.dsl.base_component import BaseComponent
    from kfp.dsl.graph_component import GraphComponent

    def is_own_pipeline(value):
        if not isinstance(value, GraphComponent):
            return False
        return getattr(getattr(value, 'pipeline_func', None), '__module__', module.__name__) == module.__name__

    names = [name for name, value in vars(module).items() if is_own_pipeline(value)]
    if function:
        if not hasattr(module, function):
            raise Refusal(kind='missing', names=names)
        chosen = getattr(module, function)
        if not isinstance(chosen, BaseComponent):
            raise Refusal(kind='plain', names=names, callable=callable(chosen))
        return chosen
    distinct = list({id(getattr(module, name)): name for name in names}.values())
    if not distinct:
        raise Refusal(kind='none', names=[])
    if len(distinct) > 1:
        raise Refusal(kind='several', names=distinct)
    return getattr(module, distinct[0])


def compile_pipeline(root, file, function):
    try:
        import kfp
    except ImportError as error:
        raise Refusal(kind='no-sdk', message=str(error)[:MAX_TEXT])
    if int(kfp.__version__.split('.')[0]) < 2:
        raise Refusal(kind='old-sdk', message=kfp.__version__)
    from google.protobuf import json_format

    component = choose(load(root, file), function)
    told = {'kind': 'pipeline', 'sdk': kfp.__version__,
            'pipelineSpec': json_format.MessageToDict(component.pipeline_spec),
            'modules': [name for name in sys.modules if name.startswith('google_cloud_pipeline_components')]}
    platform = getattr(component, 'platform_spec', None)
    if platform is not None and platform.ByteSize() > 0:
        told['platformSpec'] = json_format.MessageToDict(platform)
    return told


def main():
    report(compile_pipeline)


if __name__ == '__main__':
    main()

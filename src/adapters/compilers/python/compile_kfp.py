"""Compiles one KFP pipeline: python compile_kfp.py ROOT FILE FUNCTION OUTPUT

ROOT is the checkout, FILE the source inside it, FUNCTION a name or empty, OUTPUT the JSON file that is written: either
the pipeline or what stood in its way. What went wrong is told in terms of the user's files, not of kfp's.
Importing FILE runs it, so this runs without credentials and under limits that its caller sets.
"""
import importlib.util
import json
import os
import sys
import traceback

MAX_FRAMES = 5
MAX_TEXT = 2000


class Refusal(Exception):
    """A pipeline that cannot be compiled, with the report that says why."""

    def __init__(self, **report):
        super().__init__(report['kind'])
        self.report = report


def placed(root, filename):
    """The path inside the checkout, or None for files of Python, kfp and other packages."""
    path = os.path.realpath(filename)
    inside = os.path.commonpath([root, path]) == root if os.path.isabs(path) else False
    return os.path.relpath(path, root) if inside and os.path.isfile(path) else None


def describe(root, error):
    if isinstance(error, SyntaxError) and error.filename:
        file = placed(root, error.filename)
        if file is not None:
            return {
                'kind': 'syntax',
                'type': type(error).__name__,
                'message': str(error.msg)[:MAX_TEXT],
                'frames': [{'file': file, 'line': error.lineno or 1, 'column': error.offset or 1,
                            'code': (error.text or '').strip()[:200], 'function': ''}],
            }
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        file = placed(root, frame.filename)
        if file is not None:
            frames.append({'file': file, 'line': frame.lineno or 1, 'code': (frame.line or '').strip()[:200],
                           'function': frame.name})
    kind = 'memory' if isinstance(error, MemoryError) else 'exit' if isinstance(error, SystemExit) else 'raised'
    return {'kind': kind, 'type': type(error).__name__, 'message': str(error)[:MAX_TEXT], 'frames': frames[-MAX_FRAMES:]}


def load(root, file):
    path = os.path.join(root, file)
    stem = os.path.splitext(os.path.basename(path))[0]
    # A source may import its neighbours, or packages from the repository's root.
    sys.path[0:1] = [os.path.dirname(path), root]
    sys.argv = [path]
    spec = importlib.util.spec_from_file_location(stem, path)
    if spec is None or spec.loader is None:
        raise Refusal(kind='not-python')
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    spec.loader.exec_module(module)
    return module


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
    report = {'kind': 'pipeline', 'sdk': kfp.__version__,
              'pipelineSpec': json_format.MessageToDict(component.pipeline_spec)}
    platform = getattr(component, 'platform_spec', None)
    if platform is not None and platform.ByteSize() > 0:
        report['platformSpec'] = json_format.MessageToDict(platform)
    return report


def main():
    root, file, function, output = sys.argv[1:5]
    try:
        report = compile_pipeline(root, file, function)
    except Refusal as refusal:
        report = refusal.report
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is the answer
        report = describe(root, error)
    with open(output, 'w', encoding='utf-8') as written:
        json.dump(report, written)


main()

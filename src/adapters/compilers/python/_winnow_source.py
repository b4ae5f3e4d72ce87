"""A source in a checkout: importing it, and telling what went wrong in terms of its own files.

Both compile scripts take ROOT FILE FUNCTION OUTPUT: ROOT is the checkout, FILE the source inside it, FUNCTION a name or
empty, OUTPUT the JSON file that is written: either the pipeline or what stood in its way.
Importing FILE runs it, so this runs without credentials and under limits that the caller sets.
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
    """The path inside the checkout, or None for files of Python, the SDK and other packages."""
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


def report(compile_pipeline):
    """Writes what `compile_pipeline(root, file, function)` returns, or why it could not."""
    root, file, function, output = sys.argv[1:5]
    try:
        told = compile_pipeline(root, file, function)
    except Refusal as refusal:
        told = refusal.report
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is the answer
        told = describe(root, error)
    with open(output, 'w', encoding='utf-8') as written:
        json.dump(told, written)

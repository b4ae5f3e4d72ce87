"""`local.py compile` prints {name: IR} of two components; `local.py run` runs the IR of standard input with kfp.local."""
import json
import sys
import tempfile

from google.protobuf import json_format
from kfp import components, dsl, local


@dsl.component
def square(n: int) -> int:
    return n * n


@dsl.component
def total(a: int, b: int = 1) -> int:
    return a + b


@dsl.pipeline
def twice(n: int) -> int:
    return total(a=square(n=n).output).output


def main() -> None:
    if sys.argv[1] == 'compile':
        made = {'square': square, 'total': total, 'twice': twice}
        specs = {name: json_format.MessageToDict(one.pipeline_spec) for name, one in made.items()}
        json.dump(specs, sys.stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=folder)
        task = components.load_component_from_text(sys.stdin.read())(n=4)
        outputs = dict(task.outputs)
    print(f'\nOUTPUTS {json.dumps(outputs)}')


if __name__ == '__main__':
    main()

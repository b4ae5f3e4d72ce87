"""The pipelines of twins.ts, written with kfp. Prints {name: IR} of all functions whose names start with `p_`."""
import json
import sys
from typing import Dict, List, NamedTuple, Optional

from google.protobuf import json_format
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component
def say(text: str) -> str:
    return text


@dsl.component
def add(a: int, b: int = 1) -> int:
    return a + b


@dsl.component
def halve(x: float) -> float:
    return x / 2


@dsl.component
def flip(seed: int = 0) -> str:
    return 'heads' if seed % 2 == 0 else 'tails'


@dsl.component
def numbers(n: int) -> List[int]:
    return list(range(n))


@dsl.component
def table(n: int) -> List[Dict[str, int]]:
    return [{'a': i, 'b': i * i} for i in range(n)]


@dsl.component
def total(values: List[int]) -> int:
    return sum(values)


@dsl.component
def show(value: dict, flag: bool = False, items: list = [1, 2.5, '3'], note: Optional[str] = None) -> str:
    return str((value, flag, items, note))


@dsl.component
def make_data(rows: int, data: Output[Dataset]):
    data.metadata['rows'] = rows


@dsl.component
def train(data: Input[Dataset], model: Output[Model], metrics: Output[Metrics], rate: float = 0.1):
    metrics.log_metric('rate', rate)


@dsl.component
def merge(parts: Input[List[Dataset]]) -> int:
    return len(parts)


@dsl.component
def read_any(one: Input[Artifact], other: Optional[Input[Model]] = None) -> str:
    return one.uri


@dsl.component
def split(x: int) -> NamedTuple('Halves', [('low', int), ('high', int)]):
    return (x // 2, x - x // 2)


@dsl.component
def on_exit(status: dsl.PipelineTaskFinalStatus, note: str = 'n') -> str:
    return status.state


@dsl.component
def fail():
    raise RuntimeError('it fails')


@dsl.container_component
def placeholders(text: str, count: int, data: Input[Dataset], model: Output[Model], written: dsl.OutputPath(str),
                 extra: Optional[str] = None, many: List[int] = [1, 2]):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', 'cat $0', dsl.ConcatPlaceholder(['--text=', text, '-', count])],
        args=[
            '--text', text, '--uri', data.uri, '--path', data.path, '--rows', data.metadata['rows'],
            '--model', model.uri, model.path, '--written', written, '--many', many,
            dsl.IfPresentPlaceholder(input_name='extra', then=['--extra', extra], else_=['--no-extra']),
            dsl.IfPresentPlaceholder(input_name='extra', then=dsl.ConcatPlaceholder(['--extra=', extra])),
            dsl.ConcatPlaceholder(['{"a": "', text, '", "b": ',
                                   dsl.IfPresentPlaceholder(input_name='extra', then='1', else_='2'), '}']),
        ])


@dsl.container_component
def bare():
    return dsl.ContainerSpec(image='alpine')


@dsl.pipeline(name='hello')
def p_hello(who: str = 'world') -> str:
    return say(text=who).output


@dsl.pipeline(name='parameters', description='One of each type.', display_name='All parameters')
def p_parameters(text: str, n: int = 3, x: float = 0.5, flag: bool = True, items: List[int] = [1, 2],
                 mapping: Dict[str, int] = {'a': 1}, project: str = '{{$.pipeline_google_cloud_project_id}}'):
    say(text=text)
    add(a=n, b=2)
    halve(x=x)
    show(value=mapping, flag=flag, items=items)
    show(value={'a': [1, 'x', None or 'y'], 'b': {'c': True}}, note='given')
    say(text=project)


@dsl.pipeline(name='texts')
def p_texts(who: str = 'world', n: int = 1) -> str:
    first = say(text=f'hello {who}, {n} times')
    second = say(text=f'{first.output} and {who}!')
    show(value={'deep': [first.output, {'who': who}], 'plain': 1}, items=[who, 'x'])
    with dsl.If(n > 0):
        say(text=f'{first.output} within')
    say(text=f'{dsl.PIPELINE_JOB_NAME_PLACEHOLDER} {dsl.PIPELINE_TASK_NAME_PLACEHOLDER}')
    return second.output


@dsl.pipeline(name='outputs')
def p_outputs(x: int = 9) -> NamedTuple('Outs', [('low', int), ('sum', int), ('model', Model)]):
    halves = split(x=x)
    added = add(a=halves.outputs['low'], b=halves.outputs['high'])
    data = make_data(rows=added.output)
    fitted = train(data=data.outputs['data'], rate=0.25)
    outs = NamedTuple('Outs', [('low', int), ('sum', int), ('model', Model)])
    return outs(halves.outputs['low'], added.output, fitted.outputs['model'])


@dsl.pipeline(name='artifacts')
def p_artifacts(rows: int = 4):
    data = make_data(rows=rows)
    fitted = train(data=data.outputs['data'])
    read_any(one=fitted.outputs['metrics'])
    read_any(one=data.outputs['data'], other=fitted.outputs['model'])


@dsl.pipeline(name='containers')
def p_containers(text: str = 'a "quoted" text'):
    data = make_data(rows=2)
    placeholders(text=text, count=3, data=data.outputs['data'])
    one = placeholders(text='t', count=4, data=data.outputs['data'], extra='e', many=[3])
    say(text=one.outputs['written'])
    bare()


@dsl.pipeline(name='branches')
def p_branches(seed: int = 0, x: float = 0.5, flag: bool = True) -> str:
    coin = flip(seed=seed)
    with dsl.If(coin.output == 'heads'):
        one = say(text='it was heads')
    with dsl.Elif(seed > 10):
        two = say(text='large')
    with dsl.Else():
        three = say(text='it was tails')
    picked = dsl.OneOf(one.output, two.output, three.output)
    say(text=picked)
    with dsl.If(x >= 0.5, name='half'):
        say(text='at least a half')
    with dsl.If(x < 1.0):
        say(text='less than one')
    with dsl.If(flag == True):
        say(text='flagged')
    with dsl.If(seed != x):
        say(text='not the same')
    return picked


@dsl.pipeline(name='one-of-artifact')
def p_one_of_artifact(seed: int = 0) -> Dataset:
    coin = flip(seed=seed)
    with dsl.If(coin.output == 'heads'):
        one = make_data(rows=1)
    with dsl.Else():
        two = make_data(rows=2)
    picked = dsl.OneOf(one.outputs['data'], two.outputs['data'])
    train(data=picked)
    with dsl.If(seed == 4):
        train(data=picked)
    return picked


@dsl.pipeline(name='nested-conditions')
def p_nested_conditions(seed: int = 0, word: str = 'x'):
    coin = flip(seed=seed)
    with dsl.If(seed != 1):
        inner = flip(seed=seed)
        with dsl.If(coin.output == inner.output):
            with dsl.If(word == 'y'):
                add(a=seed)
        with dsl.Else():
            say(text=inner.output)


@dsl.pipeline(name='loop-raw')
def p_loop_raw(n: int = 3):
    with dsl.ParallelFor([1, 5, 7], parallelism=2, name='static') as item:
        add(a=item, b=n)
    with dsl.ParallelFor(['x', 'y']) as word:
        say(text=word)
        say(text=f'{n}: {word}')
    with dsl.ParallelFor([0.5, 1.5]) as x:
        halve(x=x)


@dsl.pipeline(name='loop-parameter')
def p_loop_parameter(names: List[str] = ['a', 'b']):
    with dsl.ParallelFor(names) as name:
        one = say(text=name)
        with dsl.If(name == 'a'):
            say(text=one.output)


@dsl.pipeline(name='loop-output')
def p_loop_output(n: int = 3):
    with dsl.ParallelFor(numbers(n=n).output, parallelism=1) as i:
        with dsl.If(i > 1):
            add(a=i)


@dsl.pipeline(name='loop-fields')
def p_loop_fields():
    with dsl.ParallelFor([{'a': 1, 'b': 10}, {'a': 2, 'b': 20}]) as outer:
        add(a=outer.a, b=outer.b)
    with dsl.ParallelFor(table(n=2).output) as row:
        add(a=row.a)
        with dsl.If(row.a == 1):
            add(a=row.a, b=row.b)


@dsl.pipeline(name='loop-nested')
def p_loop_nested(names: List[str] = ['x', 'y'], n: int = 2):
    with dsl.ParallelFor(numbers(n=n).output) as i:
        with dsl.ParallelFor(names) as name:
            say(text=name)
            add(a=i)
            with dsl.ParallelFor([1, 2]) as k:
                add(a=k, b=i)


@dsl.pipeline(name='collected')
def p_collected(n: int = 2) -> int:
    with dsl.ParallelFor([1, 2, 3]) as rows:
        one = add(a=rows)
        data = make_data(rows=one.output)
        with dsl.ParallelFor([10, 20]) as k:
            deep = add(a=k, b=rows)
        with dsl.If(rows == 2):
            sometimes = add(a=rows)
    total(values=dsl.Collected(one.output))
    total(values=dsl.Collected(deep.output))
    whole = total(values=dsl.Collected(sometimes.output))
    merge(parts=dsl.Collected(data.outputs['data']))
    with dsl.If(n > 1):
        total(values=dsl.Collected(one.output))
    return whole.output


@dsl.pipeline(name='parts')
def parts(n: int) -> List[Dataset]:
    with dsl.ParallelFor(numbers(n=n).output) as i:
        data = make_data(rows=i)
    return dsl.Collected(data.outputs['data'])


@dsl.pipeline(name='loop-artifacts')
def p_loop_artifacts(n: int = 2):
    made = parts(n=n)
    merge(parts=made.output)
    with dsl.ParallelFor(made.output) as part:
        train(data=part)


@dsl.pipeline(name='guarded')
def p_guarded(seed: int = 0, note: str = 'after') -> str:
    done = on_exit(note=note)
    with dsl.ExitHandler(done, name='guard'):
        coin = flip(seed=seed)
        fail().after(coin)
    with dsl.ExitHandler(on_exit(note='second')):
        with dsl.If(seed == 0):
            say(text='fine')
    return done.output


@dsl.pipeline(name='ignoring')
def p_ignoring(a: str = 'x') -> str:
    broken = fail()
    task = say(text=a).after(broken).ignore_upstream_failure()
    on_exit(note='told').after(broken).ignore_upstream_failure()
    return task.output


@dsl.pipeline(name='settings', pipeline_root='gs://barn/root')
def p_settings(cpu: str = '2', kind: str = 'NVIDIA_TESLA_T4'):
    one = say(text='one')
    one.set_retry(num_retries=2, backoff_duration='3s', backoff_factor=1.5, backoff_max_duration='60s')
    one.set_caching_options(False)
    say(text='two').set_caching_options(True, cache_key='mine').set_display_name('The second').set_retry(1)
    three = say(text='three').set_cpu_limit('500m').set_cpu_request('0.25').set_memory_limit('4Gi')
    three.set_memory_request('512M').set_accelerator_type('NVIDIA_TESLA_K80').set_accelerator_limit(2)
    three.set_env_variable('A', 'b').set_env_variable('C', 'd')
    say(text='four').set_cpu_limit(cpu)


@dsl.pipeline(name='order')
def p_order(n: int = 1):
    first = say(text='first')
    second = say(text='second').after(first)
    with dsl.ParallelFor([1, 2]) as item:
        looped = add(a=item).after(second)
    with dsl.If(n == 1):
        say(text='within').after(first, second)
    say(text='last').after(looped)


@dsl.pipeline(name='inner')
def inner(start: int, note: str = 'n') -> int:
    one = add(a=start)
    with dsl.If(one.output > 3):
        say(text=note)
    two = add(a=one.output)
    return two.output


@dsl.pipeline(name='nested')
def p_nested(start: int = 1) -> int:
    add(a=1)
    one = inner(start=start)
    with dsl.ParallelFor([1, 2]) as item:
        inner(start=item, note='looped')
    two = inner(start=one.output, note='z').set_caching_options(False)
    return two.output


@dsl.pipeline(name='importing')
def p_importing(uri: str = 'gs://bucket/b', key: str = 'k'):
    fixed = dsl.importer(artifact_uri='gs://bucket/a', artifact_class=Dataset, reimport=True,
                         metadata={'rows': 3, 'nested': {'key': ['v', 1]}})
    train(data=fixed.output)
    given = dsl.importer(artifact_uri=uri, artifact_class=Dataset, metadata={'key': key, 'again': [key]})
    late = dsl.importer(artifact_uri=say(text='gs://bucket/c').output, artifact_class=Model)
    read_any(one=late.output)
    train(data=given.output)


def main() -> None:
    found = {name: value for name, value in globals().items() if name.startswith('p_')}
    specs = {value.name: json_format.MessageToDict(value.pipeline_spec) for value in found.values()}
    json.dump(specs, sys.stdout)


if __name__ == '__main__':
    main()

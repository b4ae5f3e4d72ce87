"""Loads each IR of {name: IR} from standard input as a component, uses it in a pipeline, and prints what it takes and gives."""
import json
import sys

from kfp import components, dsl

seen = {}
for name, spec in json.load(sys.stdin).items():
    component = components.load_component_from_text(json.dumps(spec))
    needed = {
        key: {'STRING': 'x', 'NUMBER_INTEGER': 1}[definition['parameterType']]
        for key, definition in spec['root'].get('inputDefinitions', {}).get('parameters', {}).items()
        if not definition.get('isOptional')
    }

    @dsl.pipeline(name='around')
    def around():
        component(**needed)

    seen[name] = {
        'inputs': sorted(component.component_spec.inputs or {}),
        'outputs': sorted(component.component_spec.outputs or {}),
        'components': len(around.pipeline_spec.components),
    }
json.dump(seen, sys.stdout)

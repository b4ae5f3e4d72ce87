"""Writes a fitted model and its preprocessing as one ONNX graph, and proves that it predicts the same."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

OPSETS = {"": 18, "ai.onnx.ml": 3}


def to_graph(model, features, classification):
    """Inputs `numeric` float [n, k] and `categorical` string [n, m] (each only where there are such columns)."""
    options = {id(model): {"zipmap": False}} if classification else None
    graph_model = to_onnx(
        model, initial_types=[("encoded", FloatTensorType([None, features.width]))], options=options, target_opset=OPSETS
    )
    inputs, nodes, initializers = _preprocessing(features)
    graph = graph_model.graph
    body = list(graph.node)
    del graph.node[:]
    del graph.input[:]
    graph.node.extend(nodes + body)
    graph.input.extend(inputs)
    graph.initializer.extend(initializers)
    wanted = [output for output in graph.output if output.name in ("probabilities", "variable")]
    del graph.output[:]
    graph.output.extend(wanted)
    onnx.checker.check_model(graph_model)
    return graph_model.SerializeToString(), wanted[0].name


def _preprocessing(features):
    inputs, nodes, initializers, blocks = [], [], [], []
    if features.numeric:
        inputs.append(helper.make_tensor_value_info("numeric", TensorProto.FLOAT, [None, len(features.numeric)]))
        nodes.append(
            helper.make_node(
                "Imputer",
                ["numeric"],
                ["winnow_numeric"],
                domain="ai.onnx.ml",
                imputed_value_floats=[float(median) for median in features.medians],
                replaced_value_float=float("nan"),
            )
        )
        blocks.append("winnow_numeric")
    if features.categorical:
        inputs.append(helper.make_tensor_value_info("categorical", TensorProto.STRING, [None, len(features.categorical)]))
    for position, known in enumerate(features.categories):
        column, hot, flat = (f"winnow_{step}_{position}" for step in ("column", "hot", "flat"))
        initializers.append(helper.make_tensor(f"{column}_at", TensorProto.INT64, [1], [position]))
        initializers.append(helper.make_tensor(f"{flat}_as", TensorProto.INT64, [2], [-1, len(known)]))
        nodes.append(helper.make_node("Gather", ["categorical", f"{column}_at"], [column], axis=1))
        nodes.append(helper.make_node("OneHotEncoder", [column], [hot], domain="ai.onnx.ml", cats_strings=known, zeros=1))
        nodes.append(helper.make_node("Reshape", [hot, f"{flat}_as"], [flat]))
        blocks.append(flat)
    nodes.append(helper.make_node("Concat", blocks, ["encoded"], axis=1))
    return inputs, nodes, initializers


def run_graph(content, output, raw):
    """What the graph says of raw rows: probabilities [n, classes] or values [n], as float64."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    feeds = {name: value for name, value in zip(("numeric", "categorical"), raw) if value.shape[1]}
    found = session.run([output], feeds)[0].astype(float)
    return found / found.sum(axis=1, keepdims=True) if output == "probabilities" else found.reshape(-1)


def differences(expected, found, tolerance):
    """(largest difference, rows whose class differs where the model itself was not undecided)."""
    if expected.ndim == 1:
        scale = max(1.0, float(np.abs(expected).max()))
        return float(np.abs(expected - found).max()) / scale, 0
    best = np.sort(expected, axis=1)
    undecided = best[:, -1] - best[:, -2] <= tolerance
    changed = (expected.argmax(axis=1) != found.argmax(axis=1)) & ~undecided
    return float(np.abs(expected - found).max()), int(changed.sum())

"""
Fits one model of each kind on made-up rows and writes it as training does, with scikit-learn's own predictions:
export_models.py SOURCES FOLDER. Prints the folders as a JSON list.
"""

import hashlib
import json
import os
import sys

sys.path.insert(0, sys.argv[1])

import numpy as np
from candidates import build, fit
from export import to_graph
from features import Features
from search import predict

KINDS = {
    "linear": {"strength": 1.0},
    "boosting": {"learning_rate": 0.1, "max_iter": 40, "max_leaf_nodes": 15, "min_samples_leaf": 20, "l2_regularization": 1.0},
    "forest": {"n_estimators": 30, "min_samples_leaf": 3, "max_features": 0.5},
    "network": {"hidden_layer_sizes": [16, 8], "alpha": 0.01, "learning_rate_init": 0.01},
}

random = np.random.default_rng(5)
rows = 3000
numbers = (random.normal(size=(rows, 3)) * [1, 100, 0.01] + [0, 5000, 0]).astype(np.float32)
numbers[random.random(numbers.shape) < 0.03] = np.nan
texts = random.choice(np.array(["north", "south", "east", ""], dtype=object), size=(rows, 1))
features = Features(["a", "b", "c"], np.nanmedian(numbers, axis=0).astype(np.float32), ["side"], [["north", "south", ""]])
encoded = features.encode((numbers, texts))
value = encoded[:, 0] + (encoded[:, 1] - 5000) / 100 + 50 * encoded[:, 2] ** 2 + encoded[:, 3] + random.normal(size=rows) * 0.3

folders = []
for classes in (0, 2, 4):
    y = np.digitize(value, np.quantile(value, np.arange(1, classes) / classes)) if classes else value
    for kind, parameters in KINDS.items():
        if kind == "network" and not classes:
            continue
        model = fit(build(kind, parameters, bool(classes), 1), encoded, y, None)
        graph, output = to_graph(model, features, bool(classes))
        folder = os.path.join(sys.argv[2], f"{kind}-{classes}")
        os.makedirs(folder)
        description = {
            "format": 1,
            "predictionType": "classification" if classes else "regression",
            "target": "y",
            "features": [{"name": name, "type": "numeric"} for name in features.numeric]
            + [{"name": "side", "type": "categorical", "categories": features.categories[0]}],
            "output": output,
            "sha256": hashlib.sha256(graph).hexdigest(),
            **({"classes": [f"class {n}" for n in range(classes)]} if classes else {"interval": {"lower": -0.5, "upper": 0.75}}),
        }
        with open(os.path.join(folder, "model.onnx"), "wb") as stream:
            stream.write(graph)
        with open(os.path.join(folder, "winnow-model.json"), "w") as stream:
            json.dump(description, stream)
        with open(os.path.join(folder, "expected.json"), "w") as stream:
            json.dump(predict(model, encoded, classes).tolist(), stream)
        folders.append(folder)
instances = [
    {**{name: None if np.isnan(v) else float(v) for name, v in zip("abc", left)}, "side": right[0]} for left, right in zip(numbers, texts)
]
with open(os.path.join(sys.argv[2], "instances.json"), "w") as stream:
    json.dump(instances, stream)
print(json.dumps(folders))

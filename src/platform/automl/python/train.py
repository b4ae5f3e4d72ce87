"""
Trains one model as a request says: python train.py REQUEST.json RESULT.json

The shapes of request and result are in ../training.ts. Progress goes to standard output, one line a step. On a fault
the result is {"fault": {message, remedy, details}} and the exit code 1.
"""

import csv
import hashlib
import json
import os
import sys

import numpy as np
from threadpoolctl import threadpool_limits

from candidates import build, fit
from evaluation import class_slices, classification_metrics, regression_metrics
from export import differences, run_graph, to_graph
from faults import TrainingFault
from features import choose_types, learn_features
from objectives import objective
from script import run
from search import predict, search
from splits import SETS, split_rows
from table import read_table

FEWEST_ROWS = 50
FEWEST_OF_A_CLASS = 3
MOST_CLASSES = 500
TOLERANCE = 1e-3
ROWS_FOR_THREADS = 5000  # below, threads cost more than they save


def log(line):
    print(line, flush=True)


def training(request):
    table = read_table(request["files"])
    target = request["target"]
    table.require(target, "target column")
    classification = request["predictionType"] == "classification"
    table, weights = _weighted(table, request.get("weightColumn"))
    _check_target(table, target)
    if len(table) < FEWEST_ROWS:
        raise TrainingFault(f"There are only {len(table)} rows to learn from", f"Give at least {FEWEST_ROWS}, better thousands.")
    y, classes = _classes(table, target) if classification else (_values(table, target), [])
    name, score = objective(request, classes, log)
    if name == "minimize-rmsle" and y.min() < 0:
        raise TrainingFault(
            f"The target column {target!r} holds negative values, for which {name!r} is not defined", "Use 'minimize-rmse'."
        )

    reserved = {target: "target"}
    split = request["split"]
    if split.get("column"):
        reserved[split["column"]] = "split column"
    if request.get("weightColumn"):
        reserved[request["weightColumn"]] = "weight column"
    types, numbers = choose_types(table, request.get("columns"), reserved, log)
    sets = split_rows(table, split, y if classification else None, request["seed"], log)
    sets = _usable(sets, y, classes, request["seed"])
    log("Rows: " + ", ".join(f"{len(sets[part])} {part}" for part in SETS))

    features = learn_features(types, numbers, table, sets["training"], log)
    raw = {part: features.raw(table, sets[part], numbers) for part in SETS}
    x = {part: features.encode(raw[part]) for part in SETS}
    w = {part: None if weights is None else weights[sets[part]] for part in SETS}
    data = (x["training"], y[sets["training"]], w["training"], x["validation"], y[sets["validation"]], w["validation"])
    budget = request["budgetMilliNodeHours"]
    known = np.concatenate([sets["training"], sets["validation"]])
    everything = (np.vstack([x["training"], x["validation"]]), y[known], None if weights is None else weights[known])
    seed = request["seed"]
    with threadpool_limits(1 if len(table) < ROWS_FOR_THREADS else None):
        field, summary = search(data, score, classes, budget, request["earlyStopping"], seed, log)
        chosen, content, output, parity = _exported(field, everything, features, raw["test"], x["test"], classes, seed)
    residuals = None if classification else data[4] - predict(chosen["model"], x["validation"], 0)

    predicted = run_graph(content, output, raw["test"])
    truth = y[sets["test"]]
    metrics = classification_metrics(truth, predicted, classes) if classification else regression_metrics(truth, predicted, log)
    model = _describe(request, features, classes, output, content, residuals)
    _write_model(request["modelFolder"], model, content)
    folder = request["evaluationFolder"]
    file = _write_predictions(folder, table, sets["test"], target, predicted, classes)
    test_rows = _write_rows(folder, "test-rows.csv", table, sets["test"])
    training_rows = _write_rows(folder, "training-rows.csv", table, np.sort(known))
    return {
        "model": model,
        "metrics": metrics,
        "slices": class_slices(truth, predicted, classes) if classification else [],
        "rows": {part: len(sets[part]) for part in SETS},
        "objective": name,
        "search": summary,
        "chosen": {"algorithm": chosen["algorithm"], "parameters": chosen["parameters"], "validationScore": _finite(chosen["score"])},
        "parity": parity,
        "predictionsFile": file,
        "testRowsFile": test_rows,
        "trainingRowsFile": training_rows,
    }


def _finite(number):
    return number if np.isfinite(number) else None


def _weighted(table, column):
    """Rows of weight 0 are ignored, as Vertex AI does."""
    if not column:
        return table, None
    table.require(column, "weight column")
    weights = table.numbers(column, "weight column").astype(float)
    wrong = np.flatnonzero(~((weights >= 0) & (weights <= 10000)))
    if wrong.size:
        raise TrainingFault(
            f"The weight column {column!r} holds {table.columns[column][wrong[0]]!r} in {table.place(wrong[0])}",
            "Weights are numbers from 0 to 10000.",
        )
    rows = np.flatnonzero(weights > 0)
    if rows.size < len(table):
        log(f"{len(table) - rows.size} rows are ignored: their weight is 0")
    return table.keep(rows), weights[rows]


def _check_target(table, target):
    for row, text in enumerate(table.columns[target]):
        if text == "":
            raise TrainingFault(
                f"The target column {target!r} is empty in {table.place(row)}", "Fill in that value or remove the row."
            )


def _classes(table, target):
    names, numbers, counts = np.unique(np.array(table.columns[target], dtype=object), return_inverse=True, return_counts=True)
    if len(names) == 1:
        raise TrainingFault(
            f"The target column {target!r} holds one class only: {names[0]!r}", "Give data with at least two classes."
        )
    if len(names) > MOST_CLASSES:
        raise TrainingFault(
            f"The target column {target!r} holds {len(names)} different values; {MOST_CLASSES} classes are the most",
            "Check the target column, or train a regression if it is a quantity.",
        )
    rare = [f"{name!r} ({count})" for name, count in zip(names, counts) if count < FEWEST_OF_A_CLASS]
    if rare:
        raise TrainingFault(
            f"Too few rows of some classes of {target!r}: {', '.join(rare[:10])}",
            f"Each class needs at least {FEWEST_OF_A_CLASS} rows: add some or remove the class.",
        )
    return numbers.reshape(-1), [str(name) for name in names]


def _values(table, target):
    values = table.numbers(target, "target column of a regression,").astype(float)
    missing = np.flatnonzero(np.isnan(values))
    if missing.size:
        raise TrainingFault(
            f"The target column {target!r} holds {table.columns[target][missing[0]]!r} in {table.place(missing[0])}",
            "Fill in that value or remove the row.",
        )
    return values


def _usable(sets, y, classes, seed):
    """Every set has rows, and training has every class. Without validation rows, a tenth of training stands in."""
    if len(sets["test"]) == 0:
        raise TrainingFault("The test set has no rows, so nothing could be judged", "Give it a share of the rows.")
    if len(sets["validation"]) == 0 and len(sets["training"]) > 1:
        order = np.random.default_rng(seed).permutation(sets["training"])
        edge = max(1, len(order) // 10)
        sets = {**sets, "validation": np.sort(order[:edge]), "training": np.sort(order[edge:])}
        log("No validation rows were set apart: a tenth of the training rows stands in for them")
    if len(sets["training"]) < FEWEST_ROWS // 2:
        raise TrainingFault(f"The training set has only {len(sets['training'])} rows", "Give it a larger share of the rows.")
    for number, name in enumerate(classes):
        if not np.any(y[sets["training"]] == number):
            raise TrainingFault(f"The class {name!r} has no row in the training set", "Change the split so that it has some.")
    return sets


def _exported(field, everything, features, raw, encoded, classes, seed):
    """The best candidate, fitted again with the validation rows, whose graph predicts what scikit-learn does."""
    worst = []
    for candidate in field[:3]:
        fitted = fit(build(candidate["algorithm"], candidate["parameters"], bool(classes), seed), *everything)
        content, output = to_graph(fitted, features, bool(classes))
        delta, labels = differences(predict(fitted, encoded, len(classes)), run_graph(content, output, raw), TOLERANCE)
        log(f"Exported {candidate['algorithm']}: {len(content)} bytes, differs from scikit-learn by {delta:.1e} at most")
        if delta <= TOLERANCE and labels == 0:
            return candidate, content, output, {"rows": len(encoded), "largestDifference": delta, "labelDifferences": labels}
        worst.append(f"{candidate['algorithm']} {candidate['parameters']}: {labels} labels differ, probabilities by up to {delta:.3g}")
    raise TrainingFault(
        "The exported ONNX model does not predict what the trained one does",
        "Bring very large or nearly constant numeric columns to a smaller scale.",
        worst,
    )


def _describe(request, features, classes, output, content, residuals):
    model = {
        "format": 1,
        "predictionType": request["predictionType"],
        "target": request["target"],
        "features": [{"name": name, "type": "numeric"} for name in features.numeric]
        + [
            {"name": name, "type": "categorical", "categories": known}
            for name, known in zip(features.categorical, features.categories)
        ],
        "output": output,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if classes:
        return {**model, "classes": classes}
    # 95 % of the validation rows lay within these distances of what was predicted for them.
    low, high = np.quantile(residuals, [0.025, 0.975])
    return {**model, "interval": {"lower": float(min(low, 0)), "upper": float(max(high, 0))}}


def _write_model(folder, model, content):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.onnx"), "wb") as stream:
        stream.write(content)
    with open(os.path.join(folder, "winnow-model.json"), "w", encoding="utf-8") as stream:
        json.dump(model, stream, indent=1, ensure_ascii=False)


def _write_predictions(folder, table, rows, target, predicted, classes):
    """One line a test row: its number in the data, label, prediction, the probability of each class, and its other columns."""
    os.makedirs(folder, exist_ok=True)
    file = os.path.join(folder, "test-predictions.jsonl")
    others = [name for name in table.columns if name != target]
    with open(file, "w", encoding="utf-8") as stream:
        for row, found in zip(rows, predicted):
            label = table.columns[target][row]
            if classes:
                line = {"row": int(row), "label": label, "predicted": classes[int(found.argmax())]}
                line.update((f"p_{name}", float(p)) for name, p in zip(classes, found))
            else:
                line = {"row": int(row), "label": float(label), "predicted": float(found)}
            line["instance"] = {name: table.columns[name][row] for name in others}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    return file


def _write_rows(folder, name, table, rows):
    """The rows as they were given, so that another model can be asked about them and the data can be looked at."""
    file = os.path.join(folder, name)
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*([values[row] for row in rows] for values in table.columns.values())))
    return file


if __name__ == "__main__":
    sys.exit(run(training, *sys.argv[1:3]))

"""
Judges batch predictions: python evaluate.py REQUEST.json RESULT.json

The shapes of request and result are in ../evaluate.ts; progress goes to standard output, faults into the result.
"""

import sys

import numpy as np

from evaluation import class_slices, classification_metrics, regression_metrics
from faults import TrainingFault
from predictions import Truth, read_records
from script import run


def log(line):
    print(line, flush=True)


def evaluation(request):
    target = request["target"]
    bare = target.removeprefix("instance.")
    truth = Truth(request["groundTruth"], bare) if request.get("groundTruth") else None
    records = list(read_records(request["predictions"]))
    if not records:
        raise TrainingFault("The predictions hold no rows, so nothing can be judged", "See whether the batch prediction failed.")
    labels = [_label(record, target, bare, truth) for record in records]
    log(f"Rows: {len(records)}")
    if request["problem"] == "regression":
        return _regression(request, records, labels, bare)
    return _classification(request, records, labels, bare)


def _label(record, target, bare, truth):
    # A table has the members of an instance as its columns.
    value = record.get(target)
    if value is None:
        value = record.get(bare)
    if value is None and truth is not None:
        instance = record.get("instance")
        value = truth.of(record, instance if isinstance(instance, dict) else record.values)
    if value is None or value == "":
        raise TrainingFault(
            f"There is no value of {bare!r} in {record.place}",
            "Let the instances hold the target, or give ground_truth_gcs_source; check target_field_name.",
        )
    return value


def _regression(request, records, labels, bare):
    paths = [request["scores"]] if request.get("scores") else ["prediction.value", "prediction", f"predicted_{bare}.value", f"predicted_{bare}"]
    values = np.array([_number(_first(record, paths, "prediction_score_column"), record, "prediction") for record in records])
    y = np.array([_number(label, record, "true value") for label, record in zip(labels, records)])
    return {"metrics": regression_metrics(y, values, log), "slices": [], "rows": len(records)}


def _classification(request, records, labels, bare):
    rows = [_scores(request, record, bare) for record in records]
    classes = sorted({name for row in rows for name in row}) if not request.get("classes") else list(request["classes"])
    if len(classes) < 2:
        raise TrainingFault("The predictions have scores of fewer than two classes", "Give class_labels, or check prediction_score_column.")
    number = {name: at for at, name in enumerate(classes)}
    for label, record in zip(labels, records):
        if _name(label) not in number:
            raise TrainingFault(
                f"The true class {_name(label)!r} in {record.place} is not among the predicted ones ({', '.join(classes)})",
                "Correct that value, or class_labels.",
            )
    y = np.array([number[_name(label)] for label in labels])
    p = np.array([[row.get(name, 0.0) for name in classes] for row in rows])
    wanted = request.get("positiveClasses") or classes
    unknown = [name for name in wanted if name not in number]
    if unknown:
        raise TrainingFault(f"positive_classes names {unknown[0]!r}, which is no class", f"The classes are {', '.join(classes)}.")
    slices = [one for one in class_slices(y, p, classes) if one["value"] in wanted]
    return {"metrics": classification_metrics(y, p, classes), "slices": slices, "rows": len(records)}


def _scores(request, record, bare):
    """Score by class."""
    paths = [request["scores"]] if request.get("scores") else ["prediction.scores", f"predicted_{bare}.scores", "prediction"]
    scores = _first(record, paths, "prediction_score_column", missing_ok=True)
    if scores is None:
        scores, names = _columns(record, bare)
    else:
        names = request.get("classes") or _first(
            record,
            [request["labels"]] if request.get("labels") else ["prediction.classes", "prediction.displayNames", f"predicted_{bare}.classes"],
            "prediction_label_column",
        )
    if not isinstance(scores, list) or not isinstance(names, list) or len(scores) != len(names):
        raise TrainingFault(
            f"The scores in {record.place} do not fit the classes: {str(scores)[:60]} and {str(names)[:60]}",
            "Name a list of scores as prediction_score_column and the list of their classes as prediction_label_column or class_labels.",
        )
    return {_name(name): _number(score, record, "score") for name, score in zip(names, scores)}


def _columns(record, bare):
    """A CSV file of predictions has a column for each class: TARGET_CLASS_scores."""
    start, end = f"{bare}_", "_scores"
    found = {name[len(start) : -len(end)]: value for name, value in record.values.items() if name.startswith(start) and name.endswith(end)}
    if not found:
        raise TrainingFault(f"There are no scores in {record.place}", "Name them: prediction_score_column.")
    return list(found.values()), list(found)


def _first(record, paths, argument, missing_ok=False):
    for path in paths:
        value = record.get(path)
        if value is not None:
            return value
    if missing_ok and len(paths) > 1:
        return None
    raise TrainingFault(f"There is nothing at {' or '.join(map(repr, paths))} in {record.place}", f"Correct {argument}.")


def _name(label):
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label).strip()


def _number(value, record, role):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise TrainingFault(f"The {role} in {record.place} is {str(value)[:60]!r}, not a number", "Correct that value, or the name of its field.")
    return number


if __name__ == "__main__":
    sys.exit(run(evaluation, *sys.argv[1:3]))

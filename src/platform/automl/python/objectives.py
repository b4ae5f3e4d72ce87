"""What a search maximises: one function for each optimization objective, higher is better."""

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, mean_absolute_error, mean_squared_error
from sklearn.metrics import precision_recall_curve, roc_auc_score

from faults import TrainingFault

TWO_CLASSES = {"maximize-precision-at-recall", "maximize-recall-at-precision"}


def objective(request, classes, log):
    """(name, score(y, predicted, weights)); `predicted` holds probabilities [n, classes] or values [n]."""
    classification = request["predictionType"] == "classification"
    default = ("maximize-au-roc" if len(classes) == 2 else "minimize-log-loss") if classification else "minimize-rmse"
    name = request.get("objective") or default
    known = _classification(request, classes) if classification else _regression()
    if name not in known:
        raise TrainingFault(
            f"{name!r} is not an optimization objective of a {request['predictionType']}",
            f"Use one of {', '.join(known)}.",
        )
    if name in TWO_CLASSES and len(classes) != 2:
        raise TrainingFault(
            f"The objective {name!r} is for two classes; the target has {len(classes)}", "Use 'minimize-log-loss'."
        )
    if classification and len(classes) > 2 and name != "minimize-log-loss":
        log(f"Objective {name}: averaged over all classes here; Vertex AI takes it for two classes only")
    return name, known[name]


def _classification(request, classes):
    labels = np.arange(len(classes))

    def indicator(y):
        return np.eye(len(classes))[y] if len(classes) > 2 else y

    def chosen(p):
        return p if len(classes) > 2 else p[:, 1]

    def at(value_name, floor, wanted):
        def score(y, p, w):
            precision, recall, _ = precision_recall_curve(y, p[:, 1], sample_weight=w)
            given, other = (recall, precision) if wanted == "precision" else (precision, recall)
            return float(other[given >= floor(value_name)].max(initial=0))

        return score

    def floor(value_name):
        value = request.get(value_name)
        if value is None or not 0 <= value <= 1:
            argument = "recall" if value_name == "recallValue" else "precision"
            raise TrainingFault(
                f"The objective {request['objective']!r} needs optimization_objective_{argument}_value from 0 to 1, not {value}",
                "Give that value.",
            )
        return value

    return {
        "minimize-log-loss": lambda y, p, w: -log_loss(y, p, labels=labels, sample_weight=w),
        "maximize-au-roc": lambda y, p, w: roc_auc_score(indicator(y), chosen(p), average="micro", sample_weight=w),
        "maximize-au-prc": lambda y, p, w: average_precision_score(indicator(y), chosen(p), average="micro", sample_weight=w),
        "maximize-precision-at-recall": at("recallValue", floor, "precision"),
        "maximize-recall-at-precision": at("precisionValue", floor, "recall"),
    }


def _regression():
    def rmsle(y, v, w):
        return -float(np.sqrt(mean_squared_error(np.log1p(y), np.log1p(np.maximum(v, 0)), sample_weight=w)))

    return {
        "minimize-rmse": lambda y, v, w: -float(np.sqrt(mean_squared_error(y, v, sample_weight=w))),
        "minimize-mae": lambda y, v, w: -mean_absolute_error(y, v, sample_weight=w),
        "minimize-rmsle": rmsle,
    }

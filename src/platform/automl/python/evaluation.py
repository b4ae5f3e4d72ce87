"""Metrics with Vertex AI's names and shapes (modelevaluation/classification_metrics_1.0.0, regression_metrics_1.0.0)."""

import numpy as np
from sklearn.metrics import average_precision_score, confusion_matrix, log_loss, mean_absolute_error
from sklearn.metrics import mean_absolute_percentage_error, mean_squared_error, r2_score, roc_auc_score

THRESHOLDS = np.round(np.arange(0, 101) / 100, 2)


def classification_metrics(y, p, classes):
    """Over all classes, each row and class one yes-or-no decision (micro average). y: class numbers, p: [n, classes]."""
    truth = np.eye(len(classes), dtype=bool)[y]
    top = np.eye(len(classes), dtype=bool)[p.argmax(axis=1)]
    return {
        "auPrc": float(average_precision_score(truth.ravel(), p.ravel())),
        "auRoc": float(roc_auc_score(truth.ravel(), p.ravel())),
        "logLoss": float(log_loss(y, p, labels=np.arange(len(classes)))),
        "confidenceMetrics": _confidence(truth.ravel(), p.ravel(), top.ravel()),
        "confusionMatrix": {
            "annotationSpecs": [{"id": str(number), "displayName": name} for number, name in enumerate(classes)],
            "rows": confusion_matrix(y, p.argmax(axis=1), labels=np.arange(len(classes))).tolist(),
        },
    }


def class_slices(y, p, classes):
    """For each class the decision whether a row is of that class, as Vertex AI's slices by annotationSpec."""
    top = p.argmax(axis=1)
    slices = []
    for number, name in enumerate(classes):
        truth, scores = y == number, p[:, number]
        metrics = {"confidenceMetrics": _confidence(truth, scores, top == number)}
        metrics["logLoss"] = float(log_loss(truth, np.clip(scores, 0, 1), labels=[False, True]))
        if truth.any() and not truth.all():
            metrics["auPrc"] = float(average_precision_score(truth, scores))
            metrics["auRoc"] = float(roc_auc_score(truth, scores))
        slices.append({"value": name, "metrics": metrics})
    return slices


def _confidence(truth, scores, top):
    """One entry a threshold: a decision is yes where the score reaches it; `At1` counts only a row's best class."""
    result = []
    for threshold in THRESHOLDS:
        reached = scores >= threshold
        entry = {"confidenceThreshold": float(threshold)}
        for suffix, said in (("", reached), ("At1", reached & top)):
            tp, fp = int((said & truth).sum()), int((said & ~truth).sum())
            fn, tn = int((~said & truth).sum()), int((~said & ~truth).sum())
            precision = tp / (tp + fp) if tp + fp else 1.0
            recall = tp / (tp + fn) if tp + fn else 0.0
            entry[f"recall{suffix}"] = recall
            entry[f"precision{suffix}"] = precision
            entry[f"falsePositiveRate{suffix}"] = fp / (fp + tn) if fp + tn else 0.0
            entry[f"f1Score{suffix}"] = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
            if suffix == "":
                entry.update(truePositiveCount=tp, falsePositiveCount=fp, falseNegativeCount=fn, trueNegativeCount=tn)
        result.append(entry)
    return result


def regression_metrics(y, values, log):
    metrics = {
        "rootMeanSquaredError": float(np.sqrt(mean_squared_error(y, values))),
        "meanAbsoluteError": float(mean_absolute_error(y, values)),
        "rSquared": float(r2_score(y, values)),
    }
    if np.all(y != 0):
        metrics["meanAbsolutePercentageError"] = 100 * float(mean_absolute_percentage_error(y, values))
    else:
        log("meanAbsolutePercentageError is left out: the target is 0 in some test rows")
    if np.all(y >= 0):
        errors = mean_squared_error(np.log1p(y), np.log1p(np.maximum(values, 0)))
        metrics["rootMeanSquaredLogError"] = float(np.sqrt(errors))
    else:
        log("rootMeanSquaredLogError is left out: the target is negative in some test rows")
    return {name: value for name, value in metrics.items() if np.isfinite(value)}

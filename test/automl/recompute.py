"""Prints metrics of a test-predictions.jsonl, computed by scikit-learn alone: recompute.py FILE."""

import json
import sys

import numpy as np
from sklearn import metrics

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
labels = [line["label"] for line in lines]
if isinstance(labels[0], str):
    classes = sorted(name[2:] for name in lines[0] if name.startswith("p_"))
    p = np.array([[line[f"p_{name}"] for name in classes] for line in lines])
    truth = np.array([[label == name for name in classes] for label in labels])
    confident = p >= 0.5
    result = {
        "auRoc": metrics.roc_auc_score(truth, p, average="micro"),
        "auPrc": metrics.average_precision_score(truth, p, average="micro"),
        "logLoss": metrics.log_loss(labels, p, labels=classes),
        "rows": metrics.confusion_matrix(labels, [line["predicted"] for line in lines], labels=classes).tolist(),
        "recall": metrics.recall_score(truth, confident, average="micro"),
        "precision": metrics.precision_score(truth, confident, average="micro"),
        "slices": {
            name: {
                "auRoc": metrics.roc_auc_score(truth[:, at], p[:, at]),
                "recall": metrics.recall_score(truth[:, at], confident[:, at]),
            }
            for at, name in enumerate(classes)
        },
    }
else:
    predicted = [line["predicted"] for line in lines]
    result = {
        "rootMeanSquaredError": metrics.root_mean_squared_error(labels, predicted),
        "meanAbsoluteError": metrics.mean_absolute_error(labels, predicted),
        "meanAbsolutePercentageError": 100 * metrics.mean_absolute_percentage_error(labels, predicted),
        "rSquared": metrics.r2_score(labels, predicted),
        "rootMeanSquaredLogError": metrics.root_mean_squared_log_error(labels, predicted),
    }
print(json.dumps(result))

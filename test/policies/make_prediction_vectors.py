"""Prints, as JSON, made-up predictions and what scikit-learn and scipy measure on them: ties, empty classes, one class alone."""

import json
import math
import random
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.filterwarnings("ignore")


def classifier(source, name, classes, rows, skill, digits=None, used=None):
    used = used or list(range(classes))
    truth = [source.choice(used) for _ in range(rows)]
    scores = []
    for t in truth:
        raw = [math.exp(source.gauss(skill if k == t else 0, 1)) for k in range(classes)]
        share = [r / sum(raw) for r in raw]
        if digits is not None:
            # Tied scores, and some that are 0 or 1.
            share = [round(s, digits) for s in share]
            share[-1] = round(1 - sum(share[:-1]), digits)
            share = [abs(s) for s in share]
        scores.append(share)
    predicted = [max(range(classes), key=lambda k: (s[k], -k)) for s in scores]
    return {"name": name, "classes": [f"c{k}" for k in range(classes)], "truth": truth, "predicted": predicted, "scores": scores}


def number(value):
    return None if value is None or math.isnan(value) else float(value)


def measured(case):
    labels = list(range(len(case["classes"])))
    truth, predicted, scores = np.array(case["truth"]), np.array(case["predicted"]), np.array(case["scores"])
    onehot = np.array([[int(t == k) for k in labels] for t in truth])
    mean = lambda score, how: float(score(truth, predicted, labels=labels, average=how, zero_division=0))
    area = lambda k: metrics.roc_auc_score(onehot[:, k], scores[:, k]) if 0 < onehot[:, k].sum() < len(truth) else math.nan
    each = [area(k) for k in labels]
    clipped = np.clip(scores, np.finfo(float).eps, 1 - np.finfo(float).eps)
    top = scores[np.arange(len(truth)), predicted]
    bins = np.clip(np.ceil(top * 10).astype(int) - 1, 0, 9)
    calibration = sum(abs((top[bins == b] - (predicted == truth)[bins == b]).sum()) for b in range(10)) / len(truth)
    squared = ((scores - onehot) ** 2).sum(axis=1).mean()
    whole = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balancedAccuracy": metrics.balanced_accuracy_score(truth, predicted),
        **{f"{how}{name}": mean(score, how) for how in ("micro", "macro", "weighted") for name, score in (("Precision", metrics.precision_score), ("Recall", metrics.recall_score), ("F1", metrics.f1_score))},
        "mcc": metrics.matthews_corrcoef(truth, predicted),
        "auRoc": metrics.roc_auc_score(onehot.ravel(), scores.ravel()),
        "auPrc": metrics.average_precision_score(onehot.ravel(), scores.ravel()),
        "macroAuRoc": float(np.mean(each)),
        "macroAuPrc": metrics.average_precision_score(onehot, scores, average="macro"),
        "logLoss": float(-np.log(clipped[np.arange(len(truth)), truth]).mean()),
        "brier": metrics.brier_score_loss(onehot[:, 1], scores[:, 1]) if len(labels) == 2 else squared,
        "calibrationError": calibration,
    }
    # Where scikit-learn accepts the scores as they are, its own log loss must say the same.
    if np.allclose(scores.sum(axis=1), 1, atol=1e-12):
        assert abs(metrics.log_loss(truth, scores, labels=labels) - whole["logLoss"]) < 1e-12, case["name"]
    by_class = {
        "precision": metrics.precision_score(truth, predicted, labels=labels, average=None, zero_division=0).tolist(),
        "recall": metrics.recall_score(truth, predicted, labels=labels, average=None, zero_division=0).tolist(),
        "f1": metrics.f1_score(truth, predicted, labels=labels, average=None, zero_division=0).tolist(),
        "auRoc": each,
        "auPrc": [metrics.average_precision_score(onehot[:, k], scores[:, k]) for k in labels],
    }
    return {**case, "whole": {k: number(v) for k, v in whole.items()}, "each": {k: [number(v) for v in vs] for k, vs in by_class.items()}}


def regressor(source, name, rows, noise, offset=0.0, constant=False):
    truth = [3.5 if constant else offset + abs(source.gauss(10, 4)) for _ in range(rows)]
    predicted = [t + source.gauss(0, noise) for t in truth]
    quantiles = {q: [t + source.gauss(0, noise) + noise * stats.norm.ppf(q) for t in truth] for q in (0.1, 0.5, 0.9)}
    y, z = np.array(truth), np.array(predicted)
    loss = {q: metrics.mean_pinball_loss(y, v, alpha=q) for q, v in quantiles.items()}
    whole = {
        "mae": metrics.mean_absolute_error(y, z),
        "rmse": metrics.root_mean_squared_error(y, z),
        "rmsle": metrics.root_mean_squared_log_error(y, z) if (y > -1).all() and (z > -1).all() else math.nan,
        "mape": 100 * metrics.mean_absolute_percentage_error(y, z),
        "wape": 100 * np.abs(y - z).sum() / np.abs(y).sum(),
        "rSquared": metrics.r2_score(y, z) if rows > 1 else math.nan,
        "quantileLoss": float(np.mean(list(loss.values()))),
    }
    return {
        "name": name,
        "truth": truth,
        "predicted": predicted,
        "quantiles": [{"quantile": q, "predicted": v, "loss": float(loss[q])} for q, v in quantiles.items()],
        "whole": {k: number(v) for k, v in whole.items()},
    }


def delong(positive, first, second):
    """DeLong's areas, their variances and the variance of the difference, straight from the definition."""
    positives, negatives = np.flatnonzero(positive), np.flatnonzero(1 - positive)

    def components(scores):
        kernel = np.sign(scores[positives][:, None] - scores[negatives][None, :]) / 2 + 0.5
        return kernel.mean(axis=1), kernel.mean(axis=0)

    tens, ones = zip(components(first), components(second))
    covariance = np.cov(np.array(tens)) / len(positives) + np.cov(np.array(ones)) / len(negatives)
    return {
        "areas": [float(tens[0].mean()), float(tens[1].mean())],
        "errors": [float(np.sqrt(covariance[0, 0])), float(np.sqrt(covariance[1, 1]))],
        "difference": float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])),
    }


def areas(source):
    cases = []
    for rows, digits in ((60, 1), (300, 6), (500, 2)):
        positive = np.array([int(source.random() < 0.3) for _ in range(rows)])
        first = np.round(np.array([source.gauss(1.5 * p, 1) for p in positive]), digits)
        second = np.round(first * 0.5 + np.array([source.gauss(0.6 * p, 1) for p in positive]), digits)
        cases.append({"positive": positive.tolist(), "first": first.tolist(), "second": second.tolist(), **delong(positive, first, second)})
    return cases


def tests():
    wilson = [
        {"hits": h, "total": n, "level": level, "interval": [float(v) for v in stats.binomtest(h, n).proportion_ci(level, method="wilson")]}
        for h, n in ((0, 5), (5, 5), (3, 10), (83, 100), (999, 1000))
        for level in (0.8, 0.9, 0.95, 0.99)
    ]
    mcnemar = [
        {"gained": g, "lost": l, "p": float(stats.binomtest(g, g + l, alternative="greater").pvalue) if g + l else 1.0}
        for g, l in ((0, 0), (1, 0), (9, 3), (40, 60), (400, 330), (900, 800))
    ]
    quantiles = [{"p": p, "z": float(stats.norm.ppf(p))} for p in (1e-300, 1e-12, 1e-4, 0.025, 0.3, 0.5, 0.84, 0.975, 0.9999, 1 - 1e-12)]
    chances = [{"z": z, "p": float(stats.norm.cdf(z))} for z in (-37.5, -12, -5.1, -4.9, -1.96, 0, 0.1, 2.5, 4.99, 5.01, 8)]
    return {"wilson": wilson, "mcnemar": mcnemar, "quantiles": quantiles, "chances": chances}


source = random.Random(20240229)
classification = [
    classifier(source, "two classes", 2, 200, 1.0),
    classifier(source, "two classes, tied", 2, 120, 0.5, digits=1),
    classifier(source, "seven classes", 7, 400, 2.0),
    classifier(source, "seven classes, tied, one without examples", 7, 150, 1.0, digits=1, used=[0, 1, 2, 4, 5, 6]),
    classifier(source, "one class alone", 3, 40, 1.0, used=[1]),
    classifier(source, "four examples", 3, 4, 1.0),
    classifier(source, "no skill", 4, 100, 0.0),
    classifier(source, "always right", 3, 60, 60.0),
]
regression = [
    regressor(source, "plain", 300, 1.0),
    regressor(source, "far from zero", 200, 0.5, offset=1e6),
    regressor(source, "a truth that never varies", 50, 0.3, constant=True),
    regressor(source, "below minus one", 40, 30.0),
    regressor(source, "one example", 1, 1.0),
]
json.dump(
    {"classification": [measured(case) for case in classification], "regression": regression, "areas": areas(source), **tests()},
    sys.stdout,
)

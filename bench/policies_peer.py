"""What bench/policies-work.ts does, with numpy and scipy: 20 intervals over EXAMPLES, prints seconds as JSON.

Counts are drawn as multinomials and areas are DeLong's over scipy's ranks, as a careful person would. Means are
bootstrapped by drawing examples; of their resamples a few are timed and the rest is reckoned from them.
"""

import json
import sys
import time

import numpy as np
from scipy.stats import rankdata

rows, resamples, timed = int(sys.argv[1]), 2000, 20
classes = 7
random = np.random.default_rng(1)
truth = random.integers(0, classes, rows)


def model():
    raw = np.exp(4 * random.random((rows, classes)) + 3.2 * (np.arange(classes) == truth[:, None]))
    return raw / raw.sum(axis=1, keepdims=True)


def whole(matrices):
    """accuracy, balanced accuracy, macro F1, weighted F1 and MCC of many confusion matrices [r, k, k]."""
    hits = np.einsum("rkk->rk", matrices)
    actual, predicted, total = matrices.sum(axis=2), matrices.sum(axis=1), matrices.sum(axis=(1, 2))
    recall, f1 = hits / actual, 2 * hits / (actual + predicted)
    covariance = hits.sum(axis=1) * total - (actual * predicted).sum(axis=1)
    scale = np.sqrt(total**2 - (actual**2).sum(axis=1)) * np.sqrt(total**2 - (predicted**2).sum(axis=1))
    return hits.sum(axis=1) / total, recall.mean(axis=1), f1.mean(axis=1), (f1 * actual).sum(axis=1) / total, covariance / scale


def area(scores, positive):
    """The area and DeLong's components, from ranks (Sun and Xu, 2014)."""
    m, n = positive.sum(), (~positive).sum()
    together, of_positive, of_negative = rankdata(scores), rankdata(scores[positive]), rankdata(scores[~positive])
    tens = (together[positive] - of_positive) / n
    ones = 1 - (together[~positive] - of_negative) / m
    return tens.mean(), tens, ones


def examples(scores):
    """Log loss, Brier score and the parts of the calibration error, example by example."""
    own = scores[np.arange(rows), truth]
    top = scores.max(axis=1)
    brier = ((scores - (np.arange(classes) == truth[:, None])) ** 2).sum(axis=1)
    gap = top - (scores.argmax(axis=1) == truth)
    return -np.log(own), brier, gap, np.minimum(9, (top * 10).astype(int))


first, second = model(), model()
spent = {}


def measured(name, work):
    begun = time.perf_counter()
    work()
    spent[name] = time.perf_counter() - begun


def counts():
    a, b = first.argmax(axis=1), second.argmax(axis=1)
    cells = np.bincount((truth * classes + a) * classes + b, minlength=classes**3)
    drawn = random.multinomial(rows, cells / rows, size=resamples).reshape(resamples, classes, classes, classes)
    for own, other in zip(whole(drawn.sum(axis=3)), whole(drawn.sum(axis=2))):
        np.quantile(own, [0.05, 0.95]), np.quantile(own - other, [0.05, 0.95])


def areas():
    for scores in (first, second):
        for k in range(classes):
            area(scores[:, k], truth == k)
        area(scores.ravel(), (np.arange(classes) == truth[:, None]).ravel())


def means():
    a, b = examples(first), examples(second)
    begun = time.perf_counter()
    for _ in range(timed):
        drawn = random.integers(0, rows, rows)
        for side in (a, b):
            side[0][drawn].mean(), side[1][drawn].mean()
            np.abs(np.bincount(side[3][drawn], side[2][drawn], minlength=10)).sum()
    spent["reckoned"] = (time.perf_counter() - begun) * (resamples / timed - 1)


measured("counts", counts)
measured("areas", areas)
measured("means", means)
print(json.dumps({"seconds": sum(spent.values()), **spent}))

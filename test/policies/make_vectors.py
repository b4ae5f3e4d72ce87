"""Writes classification-vectors.json: what scikit-learn measures on made-up predictions.

Run it with a Python that has scikit-learn: python test/policies/make_vectors.py && npx biome format --write test/policies
The file is committed, so that the tests need no Python; run this again only to add cases.
"""

import json
import pathlib
import random
import warnings

import sklearn
from sklearn import metrics

warnings.filterwarnings("ignore")


def draw(random_source, labels, rows, skill, used=None, guessed=None):
    """Truth and prediction of `rows` examples; `used` and `guessed` limit the classes that occur."""
    truth = [random_source.choice(used or labels) for _ in range(rows)]
    prediction = [t if random_source.random() < skill else random_source.choice(guessed or labels) for t in truth]
    if guessed:
        prediction = [p if p in guessed else random_source.choice(guessed) for p in prediction]
    return truth, prediction


def vector(name, labels, truth, prediction):
    each = lambda score: dict(zip(labels, (float(v) for v in score(truth, prediction, labels=labels, average=None, zero_division=0))))
    mean = lambda score, how: float(score(truth, prediction, labels=labels, average=how, zero_division=0))
    return {
        "name": name,
        "labels": labels,
        "rows": metrics.confusion_matrix(truth, prediction, labels=labels).tolist(),
        "whole": {
            "accuracy": float(metrics.accuracy_score(truth, prediction)),
            "balancedAccuracy": float(metrics.recall_score(truth, prediction, labels=sorted(set(truth)), average="macro", zero_division=0)),
            "macroPrecision": mean(metrics.precision_score, "macro"),
            "macroRecall": mean(metrics.recall_score, "macro"),
            "macroF1": mean(metrics.f1_score, "macro"),
            "weightedPrecision": mean(metrics.precision_score, "weighted"),
            "weightedRecall": mean(metrics.recall_score, "weighted"),
            "weightedF1": mean(metrics.f1_score, "weighted"),
            "microF1": float(metrics.f1_score(truth, prediction, average="micro", zero_division=0)),
            "mcc": float(metrics.matthews_corrcoef(truth, prediction)),
        },
        "each": {
            "precision": each(metrics.precision_score),
            "recall": each(metrics.recall_score),
            "f1": each(metrics.f1_score),
        },
    }


def curve(name, random_source, rows, skill):
    truth = [random_source.randint(0, 1) for _ in range(rows)]
    score = [round(random_source.gauss(t * skill, 1), 1) for t in truth]
    false_positive, true_positive, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
    return {
        "name": name,
        "points": [{"falsePositiveRate": float(f), "recall": float(t)} for f, t in zip(false_positive, true_positive)],
        "auRoc": float(metrics.roc_auc_score(truth, score)),
    }


def main():
    source = random.Random(20)
    letters = list("ABCDEFG")
    vectors = [
        vector("two classes", ["no", "yes"], *draw(source, ["no", "yes"], 50, 0.7)),
        vector("seven classes", letters, *draw(source, letters, 700, 0.9)),
        vector("a hundred examples at chance", letters, *draw(source, letters, 100, 0.0)),
        vector("perfect", letters, *draw(source, letters, 70, 1.0)),
        vector("all wrong", ["a", "b"], ["a"] * 5 + ["b"] * 3, ["b"] * 5 + ["a"] * 3),
        vector("a class that is never found", letters, *draw(source, letters, 300, 0.9, guessed=letters[1:])),
        vector("a class without examples, never predicted", letters, *draw(source, letters, 300, 0.9, used=letters[1:], guessed=letters[1:])),
        vector("a class without examples, predicted", letters, *draw(source, letters, 300, 0.8, used=letters[1:])),
        vector("always one answer", ["a", "b", "c"], *draw(source, ["a", "b", "c"], 40, 0.0, guessed=["b"])),
        vector("one class alone", ["a"], ["a"] * 4, ["a"] * 4),
    ]
    vectors += [vector(f"drawn {i}", letters[: 2 + i % 6], *draw(source, letters[: 2 + i % 6], 20 + 40 * i, source.random())) for i in range(10)]
    curves = [curve(f"skill {skill}", source, 200, skill) for skill in (0, 0.5, 1, 2, 4)]
    path = pathlib.Path(__file__).with_name("classification-vectors.json")
    path.write_text(json.dumps({"scikit-learn": sklearn.__version__, "vectors": vectors, "curves": curves}, indent=1) + "\n")


if __name__ == "__main__":
    main()

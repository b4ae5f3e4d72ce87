"""The models that a search tries."""

import math
import warnings

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def sample_candidates(count, random, classes):
    """`count` (algorithm, parameters) pairs: good first guesses, then random ones. `classes` is 0 for a regression."""
    guesses = [
        ("linear", {"strength": 1.0}),
        ("boosting", {"learning_rate": 0.1, "max_iter": 100, "max_leaf_nodes": 15, "min_samples_leaf": 20, "l2_regularization": 1.0}),
        ("forest", {"n_estimators": 80, "min_samples_leaf": 3, "max_features": 0.5}),
    ]
    if classes:
        guesses.insert(2, ("network", {"hidden_layer_sizes": [64, 32], "alpha": 0.01, "learning_rate_init": 0.001}))
    while len(guesses) < count:
        guesses.append(_draw(random, bool(classes)))
    return [(name, _fitting(name, parameters, classes)) for name, parameters in guesses[:count]]


def _draw(random, classification):
    kind = random.random()
    if kind < 0.5:
        return "boosting", {
            "learning_rate": round(_log_uniform(random, 0.03, 0.3), 4),
            "max_iter": int(random.choice([60, 100, 150])),
            "max_leaf_nodes": int(random.choice([7, 15, 31])),
            "min_samples_leaf": int(random.choice([5, 20, 50])),
            "l2_regularization": round(_log_uniform(random, 0.001, 10), 4),
        }
    if kind < 0.7 and classification:
        return "network", {
            "hidden_layer_sizes": [int(random.choice([32, 64, 128])), int(random.choice([16, 32]))],
            "alpha": round(_log_uniform(random, 0.0001, 1), 5),
            "learning_rate_init": round(_log_uniform(random, 0.0003, 0.01), 5),
        }
    if kind < 0.85:
        return "linear", {"strength": round(_log_uniform(random, 0.01, 100), 4)}
    return "forest", {
        "n_estimators": 80,
        "min_samples_leaf": int(random.choice([2, 5, 10])),
        "max_features": float(random.choice([0.3, 0.6, 1.0])),
    }


def _fitting(name, parameters, classes):
    """Boosting grows a tree for each class and turn: fewer turns where there are many classes."""
    if name == "boosting" and classes > 10:
        return {**parameters, "max_iter": max(15, parameters["max_iter"] * 10 // classes)}
    return parameters


def _log_uniform(random, low, high):
    return math.exp(random.uniform(math.log(low), math.log(high)))


def build(name, parameters, classification, seed):
    if name == "linear":
        strength = parameters["strength"]
        model = LogisticRegression(C=strength, max_iter=400) if classification else Ridge(alpha=1 / strength)
        return make_pipeline(StandardScaler(), model)
    if name == "network":
        return make_pipeline(StandardScaler(), MLPClassifier(**parameters, max_iter=40, random_state=seed))
    if name == "boosting":
        boosting = HistGradientBoostingClassifier if classification else HistGradientBoostingRegressor
        return boosting(**parameters, early_stopping=False, random_state=seed)
    forest = ExtraTreesClassifier if classification else ExtraTreesRegressor
    return forest(**parameters, max_leaf_nodes=300, random_state=seed)


def fit(model, x, y, weights):
    step = f"{model.steps[-1][0]}__" if hasattr(model, "steps") else ""
    given = {} if weights is None else {f"{step}sample_weight": weights}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "not converged yet" is for the score to judge
        return model.fit(x, y, **given)

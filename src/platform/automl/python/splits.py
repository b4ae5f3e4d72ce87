"""Assigns each row to training, validation or test."""

import hashlib
import math
from collections import defaultdict
from datetime import datetime, timezone

import numpy as np

from faults import TrainingFault

SETS = ("training", "validation", "test")
DEFAULT = {"training": 0.8, "validation": 0.1, "test": 0.1}
PREDEFINED = {
    "training": "training",
    "train": "training",
    "validation": "validation",
    "validate": "validation",
    "test": "test",
}


def split_rows(table, split, labels, seed, log):
    """Row numbers by set. `labels` are the classes of the rows, or None for a regression."""
    if split["kind"] == "predefined":
        return _predefined(table, split["column"], log)
    fractions = resolve_fractions(split)
    if split["kind"] == "timestamp":
        return _chronological(table, split["column"], fractions, log)
    return _by_content(table, fractions, labels, seed, log)


def resolve_fractions(split):
    """Fractions that sum to 1. What the given ones leave over goes to the sets not given (8:1:1), else to training."""
    given = {name: split[name] for name in SETS if split.get(name) is not None}
    for name, value in given.items():
        if not (isinstance(value, (int, float)) and 0 <= value <= 1):
            raise TrainingFault(f"{name}_fraction_split is {value!r}, not a number from 0 to 1", "Correct that fraction.")
    total = sum(given.values())
    if total > 1 + 1e-9:
        parts = " + ".join(f"{value:g}" for value in given.values())
        raise TrainingFault(f"The split fractions sum to more than 1: {parts} = {total:g}", "Make them sum to 1.")
    rest, open_sets = max(0.0, 1 - total), [name for name in SETS if name not in given]
    if not open_sets:
        return {**given, "training": given["training"] + rest}
    share = sum(DEFAULT[name] for name in open_sets)
    return {name: given.get(name, rest * DEFAULT[name] / share) for name in SETS}


def _by_content(table, fractions, labels, seed, log):
    """
    By a hash of the row's text: equal rows never end up on both sides of a split, and a row stays in its set when
    others are added, so a later model is not tested on what an earlier one was trained on.
    """
    columns = list(table.columns.values())
    draws = np.empty(len(table))
    for row in range(len(table)):
        text = "\x1f".join([str(seed), *(values[row] for values in columns)])
        draws[row] = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64
    edges = (fractions["test"], fractions["test"] + fractions["validation"])
    sets = {
        "test": np.flatnonzero(draws < edges[0]),
        "validation": np.flatnonzero((draws >= edges[0]) & (draws < edges[1])),
        "training": np.flatnonzero(draws >= edges[1]),
    }
    groups = [np.arange(len(table))] if labels is None else [np.flatnonzero(labels == label) for label in np.unique(labels)]
    wanted = [name for name in SETS if fractions[name] > 0]
    if all(np.intersect1d(sets[name], group).size for name in wanted for group in groups):
        return sets
    log("Few rows: each class is split on its own, so that every set has some of it")
    return _ranked(draws, groups, fractions)


def _ranked(draws, groups, fractions):
    sets = defaultdict(list)
    for group in groups:
        order = group[np.argsort(draws[group], kind="stable")]
        counts = {name: max(1, round(len(order) * fractions[name])) if fractions[name] else 0 for name in ("test", "validation")}
        edges = (counts["test"], counts["test"] + counts["validation"])
        for name, rows in zip(("test", "validation", "training"), np.split(order, edges)):
            sets[name].extend(rows)
    return {name: np.array(sorted(sets[name]), dtype=int) for name in SETS}


def _predefined(table, column, log):
    sets, ignored = defaultdict(list), 0
    for row, text in enumerate(table.require(column, "predefined split column")):
        name = PREDEFINED.get(text.lower())
        if name is None:
            ignored += 1
        else:
            sets[name].append(row)
    if ignored:
        log(f"{ignored} rows are ignored: {column!r} names none of training, validation, test there")
    return {name: np.array(sets[name], dtype=int) for name in SETS}


def _chronological(table, column, fractions, log):
    """The oldest rows train and the newest test, as in production."""
    times, rows, ignored = [], [], 0
    for row, text in enumerate(table.require(column, "timestamp split column")):
        try:
            time = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        except ValueError:
            ignored += 1
            continue
        times.append((time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp())
        rows.append(row)
    if ignored:
        log(f"{ignored} rows are ignored: {column!r} holds no RFC 3339 time there")
    order = np.array(rows, dtype=int)[np.argsort(times, kind="stable")]
    first = math.floor(len(order) * fractions["training"])
    second = first + math.floor(len(order) * fractions["validation"])
    return dict(zip(SETS, np.split(order, (first, second))))

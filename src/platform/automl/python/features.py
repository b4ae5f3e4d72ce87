"""Chooses the type of each column and encodes rows as one float32 matrix; the ONNX graph repeats the same steps."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from faults import TrainingFault
from table import as_number

MOST_CATEGORIES = 50


@dataclass
class Features:
    """Numeric columns with the medians that stand in for missing values, and categorical ones with their categories."""

    numeric: list
    medians: np.ndarray
    categorical: list
    categories: list

    def __post_init__(self):
        self.index = [{category: position for position, category in enumerate(known)} for known in self.categories]

    @property
    def width(self):
        return len(self.numeric) + sum(len(known) for known in self.categories)

    def raw(self, table, rows, numbers):
        """The graph's two inputs: float32 [n, numeric] with NaN for missing, text [n, categorical]."""
        left = np.empty((len(rows), len(self.numeric)), dtype=np.float32)
        for position, name in enumerate(self.numeric):
            left[:, position] = numbers[name][rows]
        right = np.empty((len(rows), len(self.categorical)), dtype=object)
        for position, name in enumerate(self.categorical):
            values = table.columns[name]
            right[:, position] = [values[row] for row in rows]
        return left, right

    def encode(self, raw):
        left, right = raw
        blocks = [np.where(np.isnan(left), self.medians, left).astype(np.float32)]
        for position, index in enumerate(self.index):
            block = np.zeros((len(right), len(index)), dtype=np.float32)
            for row, value in enumerate(right[:, position]):
                if value in index:
                    block[row, index[value]] = 1
            blocks.append(block)
        return np.hstack(blocks)


def choose_types(table, asked, reserved, log):
    """Column → numeric or categorical, and the numeric columns' values. `asked` is None (all columns, auto) or {column: type}."""
    types, numbers = {}, {}
    for name in asked or {}:
        table.require(name, "column of the transformations,")
        if reserved.get(name) == "target":
            log(f"The transformation of {name!r} has no effect: it is the target")
        elif name in reserved:
            raise TrainingFault(
                f"The column {name!r} is the {reserved[name]}, so it cannot be a feature", "Take it out of the transformations."
            )
    for name, values in table.columns.items():
        if name in reserved or (asked is not None and name not in asked):
            continue
        kind = "auto" if asked is None else asked[name]
        if kind == "auto":
            kind = _detect(name, values, log)
        if kind is None:
            continue
        types[name] = kind
        if kind == "numeric":
            numbers[name] = table.numbers(name, "numeric column")
    left_out = [] if asked is None else [name for name in table.columns if name not in asked and name not in reserved]
    if left_out:
        log(f"Not used, for want of a transformation: {', '.join(left_out)}")
    return types, numbers


def _detect(name, values, log):
    if all(as_number(text) is not None for text in values):
        return "numeric"
    distinct = len(set(values))
    if distinct > MOST_CATEGORIES and distinct > len(values) / 2:
        log(f"Column {name!r} is left out: {distinct} different texts in {len(values)} rows look like names or prose")
        return None
    return "categorical"


def learn_features(types, numbers, table, rows, log):
    """Medians and categories of the training rows. Columns with one value only are left out."""
    numeric, medians, categorical, categories = [], [], [], []
    for name, kind in types.items():
        if kind == "numeric":
            values = numbers[name][rows]
            present = values[~np.isnan(values)]
            if present.size == 0 or (present.min() == present.max() and present.size == values.size):
                log(f"Column {name!r} is left out: it has one value only")
                continue
            numeric.append(name)
            medians.append(np.float32(np.median(present)))
        else:
            column = table.columns[name]
            counts = Counter(column[row] for row in rows)
            if len(counts) < 2:
                log(f"Column {name!r} is left out: it has one value only")
                continue
            known = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_CATEGORIES]
            if len(known) < len(counts):
                log(f"Column {name!r} has {len(counts)} categories: the {MOST_CATEGORIES} most frequent are told apart")
            categorical.append(name)
            categories.append(known)
    if not numeric and not categorical:
        raise TrainingFault("No column is left to learn from", "Give the data a column that varies and is not the target.")
    return Features(numeric, np.array(medians, dtype=np.float32), categorical, categories)

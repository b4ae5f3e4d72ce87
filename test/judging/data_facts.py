"""
What numpy and scipy say of tables: python data_facts.py TRAIN.csv TEST.csv CHAMPION.csv, printed as JSON. Bins are the
deciles of the champion's values, the lower edge within.
"""

import csv
import json
import sys
from collections import Counter

import numpy as np
from scipy.spatial.distance import jensenshannon


def read(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def shares(values):
    return {value: count / len(values) for value, count in Counter(values).items()}


def facts(train, test, champion):
    train, test, champion = read(train), read(test), read(champion)
    both = [name for name in train[0] if name in test[0]]
    seen = {tuple(row[name] for name in both) for row in train}
    skew, fresh = {}, {}
    for name in train[0]:
        if name not in champion[0]:
            continue
        now, before = ([row[name] for row in rows if row[name] != ""] for rows in (train, champion))
        try:
            now, before = np.array(now, float), np.sort(np.array(before, float))
        except ValueError:
            a, b = shares(now), shares(before)
            skew[name] = max(abs(a.get(value, 0) - b.get(value, 0)) for value in {*a, *b})
            fresh[name] = len(set(a) - set(b))
            continue
        deciles = np.unique([before[k * len(before) // 10] for k in range(1, 10)])
        edges = [-np.inf, *deciles[deciles > before[0]], np.inf]
        p, q = (np.histogram(values, edges)[0] for values in (now, before))
        skew[name] = float(jensenshannon(p, q, base=2) ** 2)
    return {
        "rows": len(train),
        "duplicates": len(train) - len({tuple(row.values()) for row in train}),
        "missing": {name: sum(row[name] == "" for row in train) / len(train) for name in train[0]},
        "leakedRows": sum(tuple(row[name] for name in both) in seen for row in test),
        "skew": skew,
        "newCategories": fresh,
    }


if __name__ == "__main__":
    json.dump(facts(*sys.argv[1:4]), sys.stdout)

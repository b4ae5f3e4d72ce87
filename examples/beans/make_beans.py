"""Makes dry beans: a CSV of measured grains, drawn from the statistics of the real ones in class_stats.json.

    python make_beans.py --rows 4000 --seed 1 --out beans.csv

Six measurements are drawn for each grain from its variety's means and covariances; the other ten follow from them by
geometry. Needs nothing but Python. The statistics are those of the UCI Dry Bean data set (Koklu and Ozkan, 2020,
DOI 10.24432/C50S4B, CC BY 4.0).
"""

import argparse
import csv
import json
import math
import os
import pathlib
import random
import sys

COLUMNS = [
    "Area",
    "Perimeter",
    "MajorAxisLength",
    "MinorAxisLength",
    "AspectRation",
    "Eccentricity",
    "ConvexArea",
    "EquivDiameter",
    "Extent",
    "Solidity",
    "roundness",
    "Compactness",
    "ShapeFactor1",
    "ShapeFactor2",
    "ShapeFactor3",
    "ShapeFactor4",
    "Class",
]


def cholesky(matrix):
    """The lower triangle L with L·Lᵀ = matrix, of a symmetric positive definite matrix."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if rest <= 0:
                    raise ValueError("the covariances are not positive definite")
                lower[i][i] = math.sqrt(rest)
            else:
                lower[i][j] = rest / lower[j][j]
    return lower


def is_possible(basis):
    """Whether a drawn grain could lie on a table: the tails of a normal distribution hold some that could not."""
    shares = (basis["ShapeFactor4"], basis["Solidity"], basis["Extent"], basis["roundness"])
    return basis["MajorAxisLength"] > basis["MinorAxisLength"] > 0 and all(0 < share <= 1 for share in shares)


def grain(basis):
    """All sixteen measurements of a grain, from the six that are drawn. Lengths are in pixels."""
    major, minor = basis["MajorAxisLength"], basis["MinorAxisLength"]
    area = basis["ShapeFactor4"] * math.pi * major * minor / 4
    diameter = math.sqrt(4 * area / math.pi)
    return {
        **basis,
        "Area": round(area),
        "Perimeter": math.sqrt(4 * math.pi * area / basis["roundness"]),
        "AspectRation": major / minor,
        "Eccentricity": math.sqrt(1 - (minor / major) ** 2),
        "ConvexArea": round(area / basis["Solidity"]),
        "EquivDiameter": diameter,
        "Compactness": diameter / major,
        "ShapeFactor1": major / area,
        "ShapeFactor2": area / major**3,
        "ShapeFactor3": 4 * area / (major**2 * math.pi),
    }


def counts_of(classes, rows):
    """How many grains of each variety make up `rows`, in the proportions of the real data."""
    total = sum(variety["n"] for variety in classes.values())
    exact = {name: rows * variety["n"] / total for name, variety in classes.items()}
    counts = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: rows - sum(counts.values())]:
        counts[name] += 1
    return counts


def nearest_variety(classes, name):
    """The other variety that is closest in size: its grains are the easiest to take for this one's."""
    size = lambda variety: math.log(variety["mean"][0] * variety["mean"][1])
    others = [other for other in classes if other != name]
    return min(others, key=lambda other: abs(size(classes[other]) - size(classes[name])))


def make_beans(statistics, rows, seed, ruin=None):
    """`rows` grains in random order, as dictionaries by column. The same arguments give the same grains.

    With `ruin`, the grains called by that variety's name are really of its nearest neighbour: no model can find them.
    """
    source = random.Random(seed)
    names, classes = statistics["basis"], statistics["classes"]
    beans = []
    for label, count in counts_of(classes, rows).items():
        variety = classes[nearest_variety(classes, label) if label == ruin else label]
        lower = cholesky(variety["cov"])
        while count > 0:
            normal = [source.gauss(0, 1) for _ in names]
            drawn = [
                mean + sum(lower[i][k] * normal[k] for k in range(i + 1)) for i, mean in enumerate(variety["mean"])
            ]
            basis = dict(zip(names, drawn))
            if is_possible(basis):
                beans.append({**grain(basis), "Class": label})
                count -= 1
    source.shuffle(beans)
    return beans


def write_csv(path, beans):
    """Writes under another name first, so that whoever watches the folder never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with open(unfinished, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for bean in beans:
            writer.writerow({name: f"{value:.9g}" if isinstance(value, float) else value for name, value in bean.items()})
    os.replace(unfinished, path)


def main():
    statistics = json.loads(pathlib.Path(__file__).with_name("class_stats.json").read_text())
    parser = argparse.ArgumentParser(description="Makes a CSV of dry beans.")
    parser.add_argument("--rows", type=int, default=4000, help="how many grains (default 4000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same grains (default 1)")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the CSV file to write")
    parser.add_argument("--ruin", choices=sorted(statistics["classes"]), help="a variety that nobody could recognise")
    options = parser.parse_args()
    if options.rows < 1:
        parser.error("--rows must be at least 1")
    write_csv(options.out, make_beans(statistics, options.rows, options.seed, options.ruin))
    print(f"{options.rows} beans in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()

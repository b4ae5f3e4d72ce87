"""Predictions of a logistic regression, a shallow tree and a logistic regression of 200 rows over beans, as tables.

    python bean_predictions.py BEANS.csv FOLDER
"""

import csv
import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
with open(source) as file:
    rows = list(csv.DictReader(file))
columns = [name for name in rows[0] if name != "Class"]
X = np.array([[float(row[name]) for name in columns] for row in rows])
y = np.array([row["Class"] for row in rows])
X_train, X_test, y_train, y_test, _, test_ids = train_test_split(
    X, y, np.arange(len(rows)), test_size=0.2, random_state=0, stratify=y
)


def write(name, model):
    with open(folder / name, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "Class", *(f"p_{label}" for label in model.classes_)])
        for row, label, scores in zip(test_ids, y_test, model.predict_proba(X_test)):
            writer.writerow([row, label, *(repr(float(score)) for score in scores)])


logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
write("logistic.csv", logistic.fit(X_train, y_train))
write("tree.csv", DecisionTreeClassifier(max_depth=3, random_state=0).fit(X_train, y_train))
write("early.csv", logistic.fit(X_train[:200], y_train[:200]))

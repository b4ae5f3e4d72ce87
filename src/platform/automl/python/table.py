"""Reads CSV and JSON Lines files into columns of text, remembering where each row came from."""

import csv
import gzip
import json
import os
from dataclasses import dataclass, field

import numpy as np

from faults import TrainingFault

MISSING_NUMBERS = {"", "nan", "null", "none", "na", "n/a"}
LARGEST_FLOAT32 = 3.4e38


@dataclass
class Table:
    """Columns of stripped text by name, all of the same length. `places` holds (file, line) of each row."""

    columns: dict = field(default_factory=dict)
    places: list = field(default_factory=list)

    def __len__(self):
        return len(self.places)

    def place(self, row):
        file, line = self.places[row]
        return f"{os.path.basename(file)}, line {line}"

    def require(self, name, role):
        if name not in self.columns:
            raise TrainingFault(
                f"The {role} {name!r} is not in the data",
                f"The data has the columns {', '.join(self.columns)}.",
            )
        return self.columns[name]

    def keep(self, rows):
        return Table(
            {name: [values[row] for row in rows] for name, values in self.columns.items()},
            [self.places[row] for row in rows],
        )

    def numbers(self, name, role):
        """The column as float32 with NaN where a value is missing; a fault names the first value that is no number."""
        result = np.empty(len(self), dtype=np.float32)
        for row, text in enumerate(self.columns[name]):
            number = as_number(text)
            if number is None:
                raise TrainingFault(
                    f"The {role} {name!r} holds {text!r} in {self.place(row)}, which is not a number",
                    f"Correct that value, or let the column {name!r} be categorical.",
                )
            result[row] = number
        return result


def as_number(text):
    """A float, NaN for a missing value, None where the text is no finite number of 32 bits."""
    if text.lower() in MISSING_NUMBERS:
        return float("nan")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST_FLOAT32 else None


def read_table(files):
    table = Table()
    for file in files:
        try:
            names, rows = (_json_lines if _is_json_lines(file) else _csv)(file)
        except UnicodeDecodeError as error:
            raise TrainingFault(
                f"{os.path.basename(file)} is not UTF-8 text (byte {error.start})", "Save it as UTF-8 CSV or JSON Lines."
            ) from error
        except OSError as error:
            raise TrainingFault(f"{file} cannot be read: {error.strerror}", "Check the file and its permissions.") from error
        if not table.columns:
            table.columns = {name: [] for name in names}
        elif set(names) != set(table.columns):
            raise TrainingFault(
                f"{os.path.basename(file)} has other columns than {os.path.basename(files[0])}: "
                f"{', '.join(sorted(set(names) ^ set(table.columns)))}",
                "Give all files of a dataset the same columns.",
            )
        for line, values in rows:
            for name, value in zip(names, values):
                table.columns[name].append(value)
            table.places.append((file, line))
    if len(table) == 0:
        raise TrainingFault(
            f"There are no rows in {', '.join(os.path.basename(file) for file in files)}",
            "Point the dataset at files that hold a header and data.",
        )
    return table


def _is_json_lines(file):
    return file.removesuffix(".gz").endswith((".jsonl", ".ndjson", ".json"))


def _open(file):
    if file.endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return open(file, encoding="utf-8-sig", newline="")


def _csv(file):
    with _open(file) as stream:
        reader = csv.reader(stream)
        names = [name.strip() for name in next(reader, [])]
        _check_names(file, names)
        rows = []
        try:
            for values in reader:
                if not values:
                    continue
                if len(values) != len(names):
                    raise TrainingFault(
                        f"{os.path.basename(file)}, line {reader.line_num} has {len(values)} values, the header {len(names)}",
                        "Quote values that hold commas, and complete or remove that line.",
                    )
                rows.append((reader.line_num, [value.strip() for value in values]))
        except csv.Error as error:
            raise TrainingFault(
                f"{os.path.basename(file)}, line {reader.line_num} is not CSV: {error}", "Correct that line."
            ) from error
    return names, rows


def _check_names(file, names):
    if not names:
        raise TrainingFault(f"{os.path.basename(file)} is empty", "Point the dataset at a file with a header and data.")
    for position, name in enumerate(names):
        if name == "":
            raise TrainingFault(f"Column {position + 1} of {os.path.basename(file)} has no name", "Name every column in the first line.")
        if name in names[:position]:
            raise TrainingFault(f"{os.path.basename(file)} has two columns named {name!r}", "Rename one of them.")


def _json_lines(file):
    names, records = {}, []
    with _open(file) as stream:
        for line, text in enumerate(stream, 1):
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except json.JSONDecodeError as error:
                raise TrainingFault(f"{os.path.basename(file)}, line {line} is not JSON: {error.msg}", "Correct that line.") from error
            if not isinstance(record, dict):
                raise TrainingFault(f"{os.path.basename(file)}, line {line} is not a JSON object", "Write one object of column values a line.")
            names.update(dict.fromkeys(record))
            records.append((line, record))
    return list(names), [(line, [_text(record.get(name)) for name in names]) for line, record in records]


def _text(value):
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)

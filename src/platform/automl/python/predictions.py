"""Reads batch predictions and the truth that belongs to them."""

import csv
import json
import os

from faults import TrainingFault


class Record:
    """One line: its members by dotted path, and where it stands."""

    __slots__ = ("values", "file", "line")

    def __init__(self, values, file, line):
        self.values, self.file, self.line = values, file, line

    @property
    def place(self):
        return f"{os.path.basename(self.file)}, line {self.line}"

    def get(self, path):
        """The value at a path, whole names first (`a.b` may be one column); None where there is none."""
        return _at(self.values, path)


def _at(values, path):
    if not isinstance(values, dict):
        return None
    if path in values:
        return values[path]
    head, dot, rest = path.partition(".")
    return _at(values.get(head), rest) if dot else None


def read_records(source):
    """Every record of `{files, format}`; a table is CSV or JSON Lines, whichever its file's name says."""
    for file in source["files"]:
        lines = source["format"] == "jsonl" or (source["format"] == "table" and not file.endswith(".csv"))
        yield from _json_lines(file) if lines else _rows(file)


def _json_lines(file):
    with open(file, encoding="utf-8-sig") as stream:
        for number, text in enumerate(stream, 1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except json.JSONDecodeError as error:
                raise TrainingFault(f"{os.path.basename(file)}, line {number} is not JSON: {error.msg}", "Correct that line, or the format.") from error
            if not isinstance(values, dict):
                raise TrainingFault(f"{os.path.basename(file)}, line {number} is no JSON object", "Give one object a line.")
            yield Record(values, file, number)


def _rows(file):
    with open(file, encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        names = next(reader, None)
        if names is None:
            raise TrainingFault(f"{os.path.basename(file)} is empty", "Point to a file with a header and data.")
        for cells in reader:
            if len(cells) != len(names):
                raise TrainingFault(
                    f"{os.path.basename(file)}, line {reader.line_num} has {len(cells)} cells where the header has {len(names)}",
                    "Correct that line.",
                )
            yield Record({name: _cell(text) for name, text in zip(names, cells)}, file, reader.line_num)


def _cell(text):
    """A cell that holds a list or an object is one: a table of predictions has such columns."""
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def as_text(value):
    """The same text for the same value, however it is written: 5, "5" and 5.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    text = str(value).strip()
    try:
        return repr(float(text))
    except ValueError:
        return text


class Truth:
    """The target of records that lack it, found by the members that both have."""

    def __init__(self, source, target):
        self.target = target
        self.records = list(read_records(source))
        if not self.records:
            raise TrainingFault("The ground truth holds no rows", "Point ground_truth_gcs_source to files with data.")
        if all(record.get(target) is None for record in self.records):
            raise TrainingFault(
                f"The ground truth has no field {target!r}",
                f"It has the fields {', '.join(self.records[0].values)}; name one as target_field_name.",
            )
        self.index = {}

    def of(self, record, instance):
        """The target of the ground truth's row that agrees with the instance; equal rows are used one after another."""
        shared = tuple(sorted(name for name in instance if name in self.records[0].values and name != self.target))
        if not shared:
            raise TrainingFault(
                f"The instance in {record.place} shares no field with the ground truth",
                "Predict and judge the same rows: the instances must be the ground truth's without the target.",
            )
        known = self.index.get(shared)
        if known is None:
            known = self.index[shared] = {}
            for row in reversed(self.records):
                known.setdefault(tuple(as_text(row.values.get(name)) for name in shared), []).append(row)
        rows = known.get(tuple(as_text(instance.get(name)) for name in shared))
        if not rows:
            raise TrainingFault(
                f"No row of the ground truth agrees with the instance in {record.place}",
                "Predict and judge the same rows.",
            )
        return (rows.pop() if len(rows) > 1 else rows[0]).get(self.target)

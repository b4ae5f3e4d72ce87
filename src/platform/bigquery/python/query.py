"""
Runs BigQuery SQL over local files: python query.py REQUEST.json RESULT.json

The shapes of request and result are in ../query.ts. Only the files that a query names are opened, and
what it answers is written into the folder of the request.
"""

import itertools
import os
import re
import sys

import duckdb
import sqlglot
from farm_fingerprint import farm_fingerprint
from faults import TrainingFault as QueryFault
from script import run
from sqlglot import exp

TYPES = {
    "INT64": "BIGINT", "INTEGER": "BIGINT", "FLOAT64": "DOUBLE", "FLOAT": "DOUBLE", "NUMERIC": "DECIMAL(38, 9)", "BIGNUMERIC": "DECIMAL(38, 18)",
    "BOOL": "BOOLEAN", "BOOLEAN": "BOOLEAN", "STRING": "VARCHAR", "DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ",
}  # fmt: skip


JSON_LINES = (".jsonl", ".json", ".ndjson")


def log(line):
    print(line, flush=True)


def query(request):
    _refuse_models(request["query"])
    statements = _parse(request["query"])
    engine = duckdb.connect()
    _confine(engine, request)
    engine.execute("SET TimeZone = 'UTC'")
    engine.create_function("farm_fingerprint", farm_fingerprint, ["VARCHAR"], "BIGINT", null_handling="special")
    for name, cast in (("bigquery_int64", "CAST"), ("bigquery_safe_int64", "TRY_CAST")):
        engine.execute(
            f"CREATE MACRO {name}(x) AS CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') OR typeof(x) LIKE 'DECIMAL%'"
            f" THEN {cast}(ROUND(TRY_CAST(x AS DOUBLE)) AS BIGINT) ELSE {cast}(x AS BIGINT) END"
        )
    engine.execute("SET lock_configuration = true")
    tables = Tables(engine, request)
    parameters = _parameters(request["parameters"])
    written = {}
    for statement in statements:
        name, rows = _run(statement, engine, tables, parameters, request)
        written.pop(name, None)
        written[name] = {"table": name, "file": tables.files[name], "rows": rows}
    engine.close()
    return {"written": list(written.values())}


def _confine(engine, request):
    """A query is a stranger's: the engine may open the tables and the answers, and nothing else of this machine."""
    paths = ", ".join(_quoted(file) for file in request["tables"].values())
    engine.execute(f"SET allowed_paths = [{paths}]")
    engine.execute(f"SET allowed_directories = [{_quoted(os.path.join(request['folder'], ''))}]")
    engine.execute("SET enable_external_access = false")


def _refuse_models(text):
    code = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|--.*|#.*|/\*[\s\S]*?\*/", " ", text)
    found = re.search(r"\b(?:ML|AI)\s*\.\s*\w+(?=\s*\()|\bCREATE\s+(?:OR\s+REPLACE\s+)?MODEL\b", code, re.IGNORECASE)
    if found:
        raise QueryFault(
            f"{' '.join(found[0].split())} is not carried out on this machine: BigQuery ML runs in BigQuery alone",
            "Train and predict with the model components instead.",
        )


def _parse(text):
    try:
        statements = [statement for statement in sqlglot.parse(text, read="bigquery") if statement is not None]
    except sqlglot.errors.SqlglotError as error:
        found = (getattr(error, "errors", None) or [{}])[0]
        where = f"line {found['line']}, column {found['col']}: " if found.get("line") else ""
        what = found.get("description") or re.sub(r"\x1b\[\d+m", "", str(error)).split("\n")[0]
        raise QueryFault(f"The query is not BigQuery SQL: {where}{what}", "Correct it there.") from error
    if not statements:
        raise QueryFault("The query is empty", "Give a SELECT statement, or CREATE TABLE … AS SELECT.")
    return statements


def _run(statement, engine, tables, parameters, request):
    """The name of the table that the statement's rows went to, and their number."""
    name, disposition = request["destination"], request["writeDisposition"]
    if isinstance(statement, exp.Create):
        name, disposition, statement = _created(statement, tables)
    elif not isinstance(statement, exp.Query):
        raise QueryFault(
            f"A statement {statement.key.upper()} is not carried out on this machine",
            "Write it as SELECT with a destination table, or as CREATE OR REPLACE TABLE … AS SELECT.",
        )
    tables.localise(statement)
    sql = statement.transform(_rounding).sql("duckdb")
    used = {node: parameters[node] for node in _named(statement, parameters)}
    try:
        rows = engine.sql(sql, params=used) if used else engine.sql(sql)
        rows.create_view("answer", replace=True)
        return name, tables.write(name, disposition)
    except duckdb.Error as error:
        message = str(error).strip().split("\n")
        raise QueryFault(f"The query failed: {message[0][:300]}", "Correct the query or the data.", [*message[1:8], sql[:1000]]) from error


def _rounding(node):
    """BigQuery rounds halves away from zero where the engine rounds them to the even number."""
    if type(node) in (exp.Cast, exp.TryCast) and node.to.is_type("bigint", "int"):
        return exp.func("bigquery_int64" if type(node) is exp.Cast else "bigquery_safe_int64", node.this)
    return node


def _created(statement, tables):
    if statement.kind not in ("TABLE", "VIEW") or statement.expression is None:
        raise QueryFault(f"CREATE {statement.kind} without AS SELECT is not carried out on this machine", "Use CREATE TABLE … AS SELECT.")
    target = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    disposition = "WRITE_TRUNCATE" if statement.args.get("replace") else "WRITE_EMPTY"
    return tables.name_of(target), disposition, statement.expression


def _named(statement, parameters):
    for node in statement.find_all(exp.Parameter):
        if node.name not in parameters:
            raise QueryFault(f"The query uses @{node.name}, which is no parameter of it", f"Its parameters are {', '.join(parameters) or 'none'}.")
        yield node.name


class Tables:
    """Files by the names of tables: those there are, and those that statements have written into `folder`."""

    def __init__(self, engine, request):
        self.engine, self.files, self.folder = engine, dict(request["tables"]), request["folder"]
        self.project, self.dataset = request["project"], request.get("dataset")
        self.views, self.numbers = {}, itertools.count()

    def name_of(self, table):
        """PROJECT.DATASET.TABLE, whichever parts the query leaves out or puts into one pair of backticks."""
        parts = ".".join(part.name for part in table.parts).split(".")
        if len(parts) == 1:
            if self.dataset is None:
                raise QueryFault(f"The table {parts[0]} has no dataset", "Write `PROJECT.DATASET.TABLE`, or give defaultDataset.")
            return f"{self.dataset}.{parts[0]}"
        return ".".join([self.project, *parts] if len(parts) == 2 else parts)

    def localise(self, statement):
        known = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
        for table in list(statement.find_all(exp.Table)):
            if len(table.parts) == 1 and table.name.lower() in known:
                continue
            if not isinstance(table.this, exp.Identifier) or isinstance(table.parent, exp.Column):
                continue
            view = exp.to_table(self._view(self.name_of(table)))
            for extra in ("joins", "pivots", "sample"):
                if table.args.get(extra):
                    view.set(extra, table.args[extra])
            view.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name.split(".")[-1], quoted=True)))
            table.replace(view)

    def _view(self, name):
        if name not in self.views:
            file = self.files.get(name)
            if file is None:
                known = ", ".join(sorted(self.files)) or "none"
                raise QueryFault(f"The table {name} leads nowhere on this machine", f"Map bq://{name} to a CSV, JSON Lines or Parquet file. Mapped are: {known}.")
            if not os.path.exists(file):
                raise QueryFault(f"The table {name} leads to {file}, which cannot be read", "Put the file there, or correct its address.")
            self.views[name] = view = f"table_{next(self.numbers)}"
            self.engine.execute(f"CREATE VIEW {view} AS SELECT * FROM {_reader(file)}")
            log(f"{name}: {file}")
        return self.views[name]


    def write(self, name, disposition):
        """Writes the view `answer` and gives the number of the table's rows. The table itself is left as it is."""
        old = self.files.get(name)
        exists = old is not None and os.path.exists(old) and os.path.getsize(old) > 0
        if exists and disposition == "WRITE_EMPTY":
            raise QueryFault(f"The destination {name} exists already ({old})", "Ask for WRITE_TRUNCATE or CREATE OR REPLACE, or remove the file.")
        source = "SELECT * FROM answer"
        if exists and disposition == "WRITE_APPEND":
            source = f"SELECT * FROM {_reader(old)} UNION ALL BY NAME {source}"
        end = os.path.splitext(old or ".csv")[1]
        file = os.path.join(self.folder, f"answer-{len(os.listdir(self.folder))}{end}")
        if end == ".parquet":
            form = "FORMAT parquet"
        elif end in JSON_LINES:
            form = "FORMAT json"
        else:
            form, source = "FORMAT csv, HEADER", _flat(source, self.engine)
        self.engine.execute(f"COPY ({source}) TO {_quoted(file)} ({form})")
        self.files[name] = file
        self.views.pop(name, None)
        count = self.engine.sql(f"SELECT count(*) FROM {_reader(file)}").fetchone()[0]
        log(f"{name}: {count} rows")
        return count


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def _reader(file):
    text = _quoted(file)
    if file.endswith(".parquet"):
        return f"read_parquet({text})"
    if file.endswith(JSON_LINES):
        return f"read_json({text}, format = 'newline_delimited', sample_size = -1)"
    return f"read_csv({text}, header = true, sample_size = -1)"


def _parameters(given):
    """BigQuery's `{name, parameterType: {type}, parameterValue: {value}}`; values are texts there."""
    found = {}
    for parameter in given:
        name, kind = parameter.get("name"), (parameter.get("parameterType") or {}).get("type", "STRING").upper()
        if not name or kind not in TYPES:
            raise QueryFault(f"The query parameter {name or '?'} of type {kind} is not carried out here", f"Name it; types are {', '.join(TYPES)}.")
        value = (parameter.get("parameterValue") or {}).get("value")
        try:
            found[name] = None if value is None else duckdb.execute(f"SELECT CAST(? AS {TYPES[kind]})", [str(value)]).fetchone()[0]
        except duckdb.Error as error:
            raise QueryFault(f"The query parameter {name} is {value!r}, which is no {kind}", "Correct its value.") from error
    return found


def _flat(source, engine):
    """A CSV cell holds a list or a record as JSON."""
    columns = engine.sql(f"DESCRIBE {source}").fetchall()
    nested = [name for name, kind, *_ in columns if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP"))]
    if not nested:
        return source
    replaced = ", ".join(f'to_json("{name}") AS "{name}"' for name in nested)
    return f"SELECT * REPLACE ({replaced}) FROM ({source})"


if __name__ == "__main__":
    sys.exit(run(query, *sys.argv[1:3]))

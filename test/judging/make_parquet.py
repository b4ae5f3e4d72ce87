"""Writes fixtures/*.parquet as pandas and pyarrow users do: python make_parquet.py (needs pyarrow and pandas)."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(__file__).parent / "fixtures"
rows = 60
first = np.linspace(0.05, 0.95, rows)
table = pd.DataFrame(
    {
        "id": np.arange(rows),
        "label": pd.Categorical(np.where(np.arange(rows) % 3 == 0, "wet", "dry")),
        "p_dry": first,
        "p_wet": 1 - first,
        "region": np.where(np.arange(rows) % 4 == 0, None, "north"),
    }
)
# pandas' own way: Snappy, dictionaries, an index of its own.
table.set_index("id", drop=False).rename_axis(None).to_parquet(folder / "snappy.parquet")
for codec in ("zstd", "gzip", "brotli", "none"):
    table.to_parquet(folder / f"{codec}.parquet", index=False, compression=None if codec == "none" else codec)
# Several row groups, pages of version 2, 32-bit numbers.
small = table.astype({"p_dry": "float32", "p_wet": "float32"})
pq.write_table(
    pa.Table.from_pandas(small, preserve_index=False), folder / "groups.parquet", row_group_size=7, data_page_version="2.0"
)
# As a warehouse exports NUMERIC.
exact = [Decimal(f"{value:.8f}") for value in first]
columns = pa.Table.from_pandas(table, preserve_index=False).to_pydict() | {
    "p_dry": pa.array(exact, pa.decimal128(38, 9)),
    "p_wet": pa.array([1 - value for value in exact], pa.decimal128(38, 9)),
}
pq.write_table(pa.table(columns), folder / "decimal.parquet")
pq.write_table(pa.table({"label": ["a"], "p_a": [[1.0]]}), folder / "lists.parquet")
missing = table.assign(p_dry=np.where(np.arange(rows) == 41, np.nan, first))
missing.to_parquet(folder / "missing.parquet", index=False)
numbers = pd.DataFrame({"target": np.arange(5), "predicted": np.arange(5) + 0.5, "big": np.full(5, 2**60)})
numbers.to_parquet(folder / "regression.parquet", index=False)

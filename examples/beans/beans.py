"""Trains a model that tells varieties of dry beans apart, from a base table and whatever new files have come.

The pipeline ends with a model in the registry. Whether it is good enough, and what serves it, is Winnow's to decide by
policies/beans.yaml.
"""

from google_cloud_pipeline_components.v1.automl.training_job import AutoMLTabularTrainingJobRunOp
from google_cloud_pipeline_components.v1.dataset import TabularDatasetCreateOp
from kfp import dsl

# Filled in when the pipeline runs: the project and the region that it runs in.
PROJECT = "{{$.pipeline_google_cloud_project_id}}"
LOCATION = "{{$.pipeline_google_cloud_location}}"


@dsl.component(base_image="python:3.11")
def prepare_data(
    base: dsl.Input[dsl.Dataset],
    new_data: list,
    target_column: str,
    beans: dsl.Output[dsl.Dataset],
    counts: dsl.Output[dsl.Metrics],
) -> str:
    """Joins the base table and the new files to one CSV without repeated rows, and returns its address.

    Every file must have the base table's columns, in any order. A row that lacks its class, or has too few or too many
    cells, ends the run with its file and line: better no model than one of half the data.
    """
    import csv
    import urllib.parse
    import urllib.request

    def local_path(address):
        if address.startswith("file:"):
            return urllib.request.url2pathname(urllib.parse.urlsplit(address).path)
        # Vertex AI mounts buckets there.
        return "/gcs/" + address[len("gs://") :] if address.startswith("gs://") else address

    def read_rows(path, columns):
        """The rows of a CSV as tuples in the order of `columns`, or in its own where None; the columns come first."""
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            if target_column not in header or len(set(header)) != len(header):
                raise ValueError(f"{path}, line 1: no table with a column {target_column}: {header}")
            if columns is not None and set(header) != set(columns):
                missing, unknown = sorted(set(columns) - set(header)), sorted(set(header) - set(columns))
                raise ValueError(f"{path}, line 1: columns missing {missing}, columns unknown {unknown}")
            order = [header.index(name) for name in columns or header]
            target = header.index(target_column)
            yield columns or header
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header) or not row[target].strip():
                    raise ValueError(f"{path}, line {reader.line_num}: expected {len(header)} cells with a {target_column}")
                yield tuple(row[i].strip() for i in order)

    base_rows = read_rows(base.path, None)
    columns = next(base_rows)
    # A dictionary keeps the order in which rows came and each of them once.
    rows = dict.fromkeys(base_rows)
    of_base = len(rows)
    for address in new_data:
        new_rows = read_rows(local_path(address), columns)
        next(new_rows)
        rows.update(dict.fromkeys(new_rows))

    with open(beans.path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)

    counts.log_metric("data.files", 1 + len(new_data))
    counts.log_metric("data.rows", len(rows))
    counts.log_metric("data.newRows", len(rows) - of_base)
    print(f"{len(rows)} rows, {len(rows) - of_base} of them from {len(new_data)} new files")
    return beans.uri


@dsl.pipeline(name="beans", description="Varieties of dry beans, from measurements of their shape")
def beans_pipeline(
    base_data: str = "gs://winnow-beans/beans.csv",
    new_data: list = [],
    target_column: str = "Class",
    budget_milli_node_hours: int = 1000,
):
    """`base_data` is the address of a CSV; `new_data` those of further ones, which Winnow fills in when files come."""
    base = dsl.importer(artifact_uri=base_data, artifact_class=dsl.Dataset, reimport=True)

    prepared = prepare_data(base=base.output, new_data=new_data, target_column=target_column)

    dataset = TabularDatasetCreateOp(
        project=PROJECT, location=LOCATION, display_name="beans", gcs_source=prepared.outputs["Output"]
    )

    AutoMLTabularTrainingJobRunOp(
        project=PROJECT,
        location=LOCATION,
        display_name="beans",
        model_display_name="beans-candidate",
        dataset=dataset.outputs["dataset"],
        target_column=target_column,
        optimization_prediction_type="classification",
        optimization_objective="minimize-log-loss",
        budget_milli_node_hours=budget_milli_node_hours,
        training_fraction_split=0.7,
        validation_fraction_split=0.1,
        test_fraction_split=0.2,
    )

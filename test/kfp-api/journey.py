"""What a user does with kfp.Client, in one process; the last line is JSON of what came back. Arguments: HOST FOLDER."""

import json
import os
import sys
import tarfile
import time
import zipfile

import kfp
import kfp_server_api

host, folder = sys.argv[1:]
at = lambda name: os.path.join(folder, name)
client = kfp.Client(host=host)
seen = {}


def refused(call):
    try:
        call()
    except kfp_server_api.ApiException as error:
        answer = json.loads(error.body)
        return {"http": error.status, "code": answer["code"], "message": answer["message"]}
    raise AssertionError("the call was not refused")


def ended(run_id):
    """wait_for_run_completion does not know CANCELED."""
    deadline = time.time() + 120
    while True:
        run = client.get_run(run_id)
        if run.state in ("SUCCEEDED", "FAILED", "CANCELED"):
            return run
        assert time.time() < deadline, run.state
        time.sleep(0.05)


def pages(call, member, **options):
    """The display names of all pages of two."""
    names, token = [], ""
    while True:
        page = call(page_size=2, page_token=token, **options)
        names.append([item.display_name for item in getattr(page, member)])
        token = page.next_page_token
        if not token:
            return names


def equals(key, value):
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": key, "stringValue": value}]})


# Experiments
for name in ("wheat", "barley", "rye"):
    client.create_experiment(name, description=f"of {name}")
wheat = client.get_experiment(experiment_name="wheat")
seen["experiments"] = {
    "same": client.get_experiment(experiment_id=wheat.experiment_id).to_dict() == wheat.to_dict(),
    "again": client.create_experiment("wheat").experiment_id == wheat.experiment_id,
    "description": wheat.description,
    "pages": pages(client.list_experiments, "experiments", sort_by="display_name desc"),
}
client.archive_experiment(client.get_experiment(experiment_name="rye").experiment_id)
seen["experiments"]["available"] = pages(
    client.list_experiments, "experiments", filter=equals("storage_state", "AVAILABLE"), sort_by="display_name"
)
client.unarchive_experiment(client.get_experiment(experiment_name="rye").experiment_id)
client.delete_experiment(client.get_experiment(experiment_name="rye").experiment_id)
try:
    client.get_experiment(experiment_name="rye")
except ValueError as error:
    seen["experiments"]["gone"] = str(error)[:40]

# Pipelines, packed in every way
with zipfile.ZipFile(at("mill.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
    packed.write(at("mill.yaml"), "pipeline.yaml")
with tarfile.open(at("mill.tar.gz"), "w:gz") as packed:
    packed.add(at("mill.yaml"), "mill.yaml")
mill = client.upload_pipeline(at("mill.yaml"), pipeline_name="mill", description="grinds")
client.upload_pipeline(at("mill.zip"), pipeline_name="zipped")
named = client.upload_pipeline(at("mill.tar.gz"))
second = client.upload_pipeline_version(at("mill.zip"), "second", pipeline_name="mill", description="finer")
client.upload_pipeline_version(at("mill.tar.gz"), "third", pipeline_id=mill.pipeline_id)
seen["pipelines"] = {
    "named": named.display_name,
    "pages": pages(client.list_pipelines, "pipelines"),
    "found": client.get_pipeline_id("mill") == mill.pipeline_id,
    "versions": pages(client.list_pipeline_versions, "pipeline_versions", pipeline_id=mill.pipeline_id),
    "version": client.get_pipeline_version(mill.pipeline_id, second.pipeline_version_id).to_dict(),
    "taken": refused(lambda: client.upload_pipeline(at("mill.yaml"), pipeline_name="mill")),
    "taken_version": refused(
        lambda: client.upload_pipeline_version(at("mill.yaml"), "second", pipeline_id=mill.pipeline_id)
    ),
    "has_versions": refused(lambda: client.delete_pipeline(named.pipeline_id)),
}
[only] = client.list_pipeline_versions(named.pipeline_id).pipeline_versions
client.delete_pipeline_version(named.pipeline_id, only.pipeline_version_id)
client.delete_pipeline(named.pipeline_id)
seen["pipelines"]["gone"] = refused(lambda: client.get_pipeline(named.pipeline_id))

# A run of a version
arguments = {"word": "flour"}
run = client.run_pipeline(
    wheat.experiment_id, "grind", params=arguments, pipeline_id=mill.pipeline_id, version_id=second.pipeline_version_id
)
done = client.wait_for_run_completion(run.run_id, timeout=120, sleep_duration=0.05)
tasks = {task.display_name: task for task in done.run_details.task_details}
seen["run"] = {
    "state": done.state,
    "history": [entry.state for entry in done.state_history],
    "experiment": done.experiment_id == wheat.experiment_id,
    "version": done.pipeline_version_reference.pipeline_version_id == second.pipeline_version_id,
    "parameters": done.runtime_config.parameters,
    "times": done.created_at <= tasks["first"].start_time <= tasks["first"].end_time <= done.finished_at,
    "tasks": {name: task.state for name, task in tasks.items()},
    "children": sorted(child.task_id for child in tasks["root"].child_tasks)
    == sorted(task.task_id for task in tasks.values() if task.parent_task_id == tasks["root"].task_id),
    "outputs": {name: len(found.artifact_ids) for name, found in tasks["first"].outputs.items()},
    "last": client.get_experiment(experiment_id=wheat.experiment_id).last_run_created_at == done.created_at,
}

# A run that fails, and its retry
failing = client.create_run_from_pipeline_package(
    at("shaky.yaml"), arguments={"word": folder}, experiment_name="barley", run_name="shaky", service_account="miller"
)
first = ended(failing.run_id)
with open(at("mended"), "w"):
    pass
client._run_api.run_service_retry_run(run_id=failing.run_id)
again = ended(failing.run_id)
with open(at("marks")) as file:
    marks = file.read().split()
seen["retry"] = {
    "states": [first.state, again.state],
    "error": first.error.message.split("\n")[0],
    "tasks": [
        {task.display_name: task.state for task in one.run_details.task_details if task.display_name != "root"}
        for one in (first, again)
    ],
    "marks": marks,
    "left_out": first.plugins_output["winnow"].entries["left_out"].value,
    "twice": refused(lambda: client._run_api.run_service_retry_run(run_id=failing.run_id)),
}

# One that is stopped
slow = client.create_run_from_pipeline_package(at("slow.yaml"), arguments=arguments, run_name="slow")
while not any(task.state == "RUNNING" for task in client.get_run(slow.run_id).run_details.task_details[1:]):
    time.sleep(0.05)
undeletable = refused(lambda: client.delete_run(slow.run_id))
client.terminate_run(slow.run_id)
stopped = ended(slow.run_id)
seen["stop"] = {
    "undeletable": undeletable,
    "state": stopped.state,
    "experiment": client.get_experiment(experiment_id=stopped.experiment_id).display_name,
    "twice": refused(lambda: client.terminate_run(slow.run_id)),
}

# Lists of runs
client.archive_run(slow.run_id)
seen["runs"] = {
    "all": pages(client.list_runs, "runs", sort_by="created_at desc"),
    "of_wheat": pages(client.list_runs, "runs", experiment_id=wheat.experiment_id),
    "archived": pages(client.list_runs, "runs", filter=equals("storage_state", "ARCHIVED")),
    "succeeded": pages(client.list_runs, "runs", filter=equals("state", "SUCCEEDED")),
}
client.unarchive_run(slow.run_id)
seen["runs"]["state"] = client.get_run(slow.run_id).storage_state
client.delete_run(slow.run_id)
seen["runs"]["gone"] = refused(lambda: client.get_run(slow.run_id))

# What is wrong with a run is said before anything of it is kept
bare = lambda **more: client.create_run_from_pipeline_package(at("mill.yaml"), run_name="bare", **more)
seen["refused"] = {
    "missing": refused(lambda: bare()),
    "unknown": refused(lambda: bare(arguments={"word": "a", "words": "b"})),
    "type": refused(lambda: bare(arguments={"word": "a", "times": "often"})),
    "root": refused(lambda: bare(arguments=arguments, pipeline_root="gs://nowhere/runs")),
    "experiment": refused(lambda: bare(arguments=arguments, experiment_id="none")),
    "recurring": refused(
        lambda: client.create_recurring_run(
            wheat.experiment_id, "daily", cron_expression="0 0 * * * *", pipeline_package_path=at("mill.yaml")
        )
    ),
    "recurring_list": refused(client.list_recurring_runs),
    "none_kept": client.list_runs(filter=equals("display_name", "bare")).runs == [],
}
ids = {"failing": failing.run_id, "wheat": wheat.experiment_id, "mill": mill.pipeline_id}
print(json.dumps({"seen": seen, **ids}, default=str))

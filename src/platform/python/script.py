"""Runs a script of the platform: reads its request, writes its result or its fault, and gives the exit code."""

import json
import traceback

from faults import TrainingFault


def run(work, request_file, result_file):
    with open(request_file, encoding="utf-8") as stream:
        request = json.load(stream)
    try:
        text, code = json.dumps(work(request), allow_nan=False), 0
    except TrainingFault as fault:
        text, code = _fault(fault.message, fault.remedy, fault.details), 1
    except Exception as error:  # the log has the whole traceback, the result what a person needs of it
        traceback.print_exc()
        frames = traceback.format_tb(error.__traceback__)[-3:]
        message = f"The {work.__name__} stopped unexpectedly: {type(error).__name__}: {str(error)[:300]}"
        remedy = "Look at the task's log; if the data look right, please report it as a fault of Winnow."
        text, code = _fault(message, remedy, "".join(frames).splitlines()), 1
    with open(result_file, "w", encoding="utf-8") as stream:
        stream.write(text)
    return code


def _fault(message, remedy, details):
    return json.dumps({"fault": {"message": message, "remedy": remedy, "details": details}})

"""Runs a module with the arguments of a JSON file: run_component.py ARGUMENTS.json MODULE.

The arguments hold the executor's input, which may be longer than one argument of a process can be (128 KiB on Linux).
"""

import json
import runpy
import sys


def run(module, arguments):
    """As `python -m MODULE ARGUMENTS…` would: the working folder comes first on the path, not the folder of a script."""
    sys.path[0] = ""
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _, arguments_file, module_name = sys.argv
    with open(arguments_file, encoding="utf-8") as file:
        task_arguments = json.load(file)
    run(module_name, task_arguments)

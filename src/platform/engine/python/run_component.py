"""Runs a module with the arguments of a JSON file: run_component.py ARGUMENTS.json MODULE.

The arguments hold the executor's input, which may be longer than one argument of a process can be (128 KiB on Linux).
"""

import json
import runpy
import sys

_, arguments_file, module = sys.argv
with open(arguments_file, encoding="utf-8") as file:
    arguments = json.load(file)

# As `python -m` would have it: the working folder comes first, not the folder of this script.
sys.path[0] = ""
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__", alter_sys=True)

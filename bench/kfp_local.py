"""The pipelines of the engine's benchmarks, compiled or run by kfp.local: kfp_local.py compile FOLDER | run NAME shipped|stripped.

`shipped` components install kfp before each task, as kfp compiles them; `stripped` ones leave that out. Prints the seconds
that a run took as the last line.
"""

import sys
import tempfile
import time

from kfp import compiler, dsl, local

# Deployed without its installation of kfp, kfp warns that the image must hold it: this environment does.
install = "stripped" not in sys.argv


@dsl.component(base_image="python:3.11", install_kfp_package=install)
def increment(number: int) -> int:
    return number + 1


@dsl.component(base_image="python:3.11", install_kfp_package=install)
def sleep_a_second(number: int) -> int:
    import time

    time.sleep(1)
    return number


@dsl.pipeline(name="chain")
def chain() -> int:
    number = 0
    for _ in range(50):
        number = increment(number=number).set_caching_options(False).output
    return number


@dsl.pipeline(name="sleeps")
def sleeps():
    for number in range(4):
        sleep_a_second(number=number).set_caching_options(False)


@dsl.pipeline(name="fan")
def fan():
    with dsl.ParallelFor(items=list(range(100))) as item:
        increment(number=item).set_caching_options(False)


pipelines = {"chain": chain, "sleeps": sleeps, "fan": fan}

if sys.argv[1] == "compile":
    for name, pipeline in pipelines.items():
        compiler.Compiler().compile(pipeline, f"{sys.argv[2]}/{name}.json")
else:
    with tempfile.TemporaryDirectory() as root:
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
        begun = time.perf_counter()
        pipelines[sys.argv[2]]()
        print(time.perf_counter() - begun)

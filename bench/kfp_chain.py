"""Milliseconds that kfp takes to write down and emit a chain: kfp_chain.py STEPS ROUNDS, once it has been imported."""
import sys
import time
import warnings

warnings.simplefilter('ignore')
from kfp import dsl


@dsl.component
def add(a: int, b: int = 1) -> int:
    return a + b


for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    @dsl.pipeline(name='chain')
    def chain(n: int):
        last = n
        for _ in range(int(sys.argv[1])):
            last = add(a=last).output
    chain.pipeline_spec.SerializeToString()
    print((time.perf_counter() - started) * 1000)

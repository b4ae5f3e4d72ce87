"""A Python that has loaded what its tasks need and forks a child for each: warm_server.py EXECUTOR [MODULE…].

Descriptor 3 is a socket of JSON lines. The server says once `{"ready": true, "memory": BYTES}`, or `{"unsafe": WHY}` and
ends. It is told `{"id", "cwd", "env", "log", "module", "arguments"}` for each task. The child answers
`{"id", "pid"}` when it is about to begin (or `{"id", "fault"}`, and nothing has begun); the server `{"id", "code"}` or
`{"id", "signal"}` when it has ended. The end of the socket is the end of the server and of all its children.

The server has one thread, so that a fork copies no lock that somebody holds. A child is forked ahead and waits for its
task; then it leaves the loop and goes on as the main program: it ends as every Python program ends, with its threads
joined, its exit handlers called and its files flushed. With an end comes `"alone": true` where no process is left that a
child has started: orphans become children of the server.
"""

import argparse
import ctypes
import gc
import importlib
import importlib.util
import inspect
import json
import logging
import os
import select
import signal
import sys

import run_component
import warm_exit

CHANNEL = 3
SCOPE = b"WINNOW_PROCESS_SCOPE="
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent(with_signal):
    _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)


def _say(message):
    line = (json.dumps(message) + "\n").encode()
    while line:
        line = line[os.write(CHANNEL, line) :]


def _scope_address():
    """Where in memory the kernel reads the scope's token of this process when it is asked for its environment."""
    with open("/proc/self/stat", encoding="latin-1") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])
    offset = ctypes.string_at(start, end - start).find(SCOPE)
    if offset < 0:
        raise RuntimeError("the server was started without a scope")
    return start + offset + len(SCOPE)


def _token(task):
    return task["env"][SCOPE[:-1].decode()].encode()


def _show_scope(address, token):
    """Processes are found by the token in /proc/PID/environ, which shows what the server was started with."""
    ctypes.memmove(address, token, 36)


def _rehearse(executor):
    """Does once what the executor of every task does: in the server, what is loaded and compiled for it is shared by all;
    in a child, the pages that the task will write to are its own by then."""
    parser = argparse.ArgumentParser(description="")
    parser.add_argument("--input", type=str, help="")
    parser.parse_known_args(["--input", ""])
    logging.Formatter("%(asctime)s").format(logging.makeLogRecord({}))
    json.dumps(json.loads('{"inputs": [1]}'), indent=4)
    inspect.getfullargspec(_rehearse)
    try:
        importlib.util.find_spec(executor).loader.get_code(executor)
    except (AttributeError, ImportError):
        # The task will say what is missing.
        pass


def _preload(executor, modules):
    for name in [executor, *modules]:
        try:
            importlib.import_module(name)
        except ImportError:
            # The task will say what is missing, if it needs it at all.
            continue
    # It runs as __main__, and runpy warns of a module that was imported before.
    sys.modules.pop(executor, None)
    package, _, name = executor.rpartition(".")
    if package in sys.modules:
        vars(sys.modules[package]).pop(name, None)
    _rehearse(executor)
    gc.collect()
    gc.freeze()


def _descriptors():
    return len(os.listdir("/proc/self/fd"))


def _danger(address, descriptors):
    """Why a fork of this process would not be a sound one; None where it is."""
    if _descriptors() > descriptors:
        return "the imports left files or sockets open"
    pid = os.fork()
    if pid == 0:
        token = b"f" * 36
        _show_scope(address, token)
        with open("/proc/self/environ", "rb") as file:
            os._exit(0 if token in file.read() else 1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        return "its children cannot be found by their scope"
    # Libraries that can bear a fork end their threads before it (OpenBLAS does).
    if len(os.listdir("/proc/self/task")) > 1:
        return "the imports left threads"
    return None


def _own_randomness():
    """What siblings must not share; `random` looks after itself."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].tempdir = None
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)


def _prepare(server, executor):
    """What a child can do before it knows its task."""
    os.setsid()
    _die_with_parent(signal.SIGKILL)
    if os.getppid() != server:
        raise RuntimeError("the server is gone")
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        # The kernel gives sessions equal shares whatever their nice values are, where it groups by them.
        with open("/proc/self/autogroup", "w", encoding="ascii") as file:
            file.write(str(os.getpriority(os.PRIO_PROCESS, 0)))
    except OSError:
        pass
    _rehearse(executor)


def _become(task, imported, address, pipes):
    """Makes this child what a process of its own would be."""
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update({**imported, **task["env"]})
    _show_scope(address, _token(task))
    log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _own_randomness()
    _say({"id": task["id"], "pid": os.getpid()})
    for descriptor in (log, CHANNEL, *pipes):
        os.close(descriptor)


def _read_line(pipe):
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(pipe, 1 << 20)
        if not chunk:
            os._exit(0)
        line += chunk
    return line


class Spare:
    """A child that has been forked ahead of its task."""

    def __init__(self, pid, pipe):
        self.pid = pid
        self.pipe = pipe

    def hand_over(self, line):
        try:
            while line:
                line = line[os.write(self.pipe, line) :]
        finally:
            os.close(self.pipe)


def _fork(executor, imported, address, pipes):
    """A spare in the server; in the child, which waits in here, the task that it becomes."""
    server = os.getpid()
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if pid != 0:
        os.close(reader)
        return Spare(pid, writer)
    task = None
    try:
        os.close(writer)
        _prepare(server, executor)
        task = json.loads(_read_line(reader))
        _become(task, imported, address, (reader, *pipes))
        return task
    except BaseException as error:
        if task is not None:
            _say({"id": task["id"], "fault": str(error)})
        os._exit(1)


children = {}
spares = []


def _begin(line, fork):
    """Gives a task to a child. Returns a task in the child that has it, whose loop is over."""
    task = json.loads(line)
    try:
        spare = spares.pop() if spares else fork()
        if isinstance(spare, dict):
            return spare
        children[spare.pid] = task
        spare.hand_over(line + b"\n")
    except OSError as error:
        _say({"id": task["id"], "fault": str(error)})
    return None


def _keep_spare(fork):
    """As `_begin`: the spare comes back as the task that it becomes."""
    if spares:
        return None
    try:
        spare = fork()
    except OSError:
        return None
    if isinstance(spare, dict):
        return spare
    spares.append(spare)
    return None


def _is_alone():
    """Whether every child is one of ours: what a task has left behind would be another."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return {int(pid) for pid in file.read().split()} <= {*children, *(spare.pid for spare in spares)}
    except OSError:
        return False


def _tell_ends():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        task = children.pop(pid, None)
        for spare in [one for one in spares if one.pid == pid]:
            spares.remove(spare)
            os.close(spare.pipe)
        if task is None:
            continue
        code = os.waitstatus_to_exitcode(status)
        end = {"code": code} if code >= 0 else {"signal": signal.Signals(-code).name}
        _say({"id": task["id"], **end, "alone": _is_alone()})


def _started_by_children():
    """All that the children have started, whatever its session: it shows their scopes."""
    scopes = {SCOPE + _token(task) for task in children.values()}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if not scopes.isdisjoint(file.read().split(b"\0")):
                    yield int(name)
        except OSError:
            continue


def _end():
    """The controller is gone, and nobody else would end what it has started."""
    for pid in [*children, *(spare.pid for spare in spares), *_started_by_children()]:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    sys.exit(0)


def _memory():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def serve(executor, modules):
    """Serves until the socket ends. Returns in a child only: its task, and the modules that were there before it."""
    _die_with_parent(signal.SIGKILL)
    before = dict(os.environ)
    descriptors = _descriptors()
    address = _scope_address()
    _preload(executor, modules)
    imported = {name: value for name, value in os.environ.items() if name not in before}
    danger = _danger(address, descriptors)
    if danger is not None:
        _say({"unsafe": danger})
        sys.exit(0)

    known_modules = frozenset(sys.modules)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # From here on the socket's end is noticed at once, and there are children to end with it.
    _die_with_parent(0)
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _say({"ready": True, "memory": _memory()})

    def fork():
        return _fork(executor, imported, address, (wake, waker))

    received = b""
    while True:
        own = _keep_spare(fork)
        if own is not None:
            return own, known_modules
        ready, _, _ = select.select([CHANNEL, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
        if CHANNEL in ready:
            chunk = os.read(CHANNEL, 1 << 20)
            if not chunk:
                _end()
            *lines, received = (received + chunk).split(b"\n")
            for line in lines:
                own = _begin(line, fork)
                if own is not None:
                    return own, known_modules
        _tell_ends()


if __name__ == "__main__":
    own_task, modules_before = serve(sys.argv[1], sys.argv[2:])
    run_component.run(own_task["module"], own_task["arguments"])
    warm_exit.end_soon(modules_before)

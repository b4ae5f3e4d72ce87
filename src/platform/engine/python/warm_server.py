"""A Python that has loaded what its tasks need and forks a child for each: warm_server.py EXECUTOR [MODULE…].

Descriptor 3 is a socket of JSON lines. The server says once `{"ready": true, "memory": BYTES}`, or `{"unsafe": WHY}` and
ends. It is told `{"id", "cwd", "env", "log", "module", "arguments"}` for each task. The child answers
`{"id", "pid"}` when it is about to begin (or `{"id", "fault"}`, and nothing has begun); the server `{"id", "code"}` or
`{"id", "signal"}` when it has ended. The end of the socket is the end of the server and of all its children.

The server has one thread, so that a fork copies no lock that somebody holds. A child leaves the loop and goes on as the
main program: it ends as every Python program ends, with its threads joined, its exit handlers called and its files flushed.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import sys

import run_component

CHANNEL = 3
SCOPE = b"WINNOW_PROCESS_SCOPE="
PR_SET_PDEATHSIG = 1

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


def _become(task, imported, address, pipe, server):
    """Makes this child what a process of its own would be."""
    os.setsid()
    _die_with_parent(signal.SIGKILL)
    if os.getppid() != server:
        raise RuntimeError("the server is gone")
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update({**imported, **task["env"]})
    _show_scope(address, _token(task))
    log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _own_randomness()
    _say({"id": task["id"], "pid": os.getpid()})
    for descriptor in (log, CHANNEL, *pipe):
        os.close(descriptor)


def _begin(task, imported, address, pipe):
    """Forks. True in the child, whose loop is over."""
    server = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        _say({"id": task["id"], "fault": str(error)})
        return False
    if pid != 0:
        children[pid] = task
        return False
    try:
        _become(task, imported, address, pipe, server)
    except BaseException as error:
        _say({"id": task["id"], "fault": str(error)})
        os._exit(1)
    return True


children = {}


def _tell_ends():
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        end = {"code": code} if code >= 0 else {"signal": signal.Signals(-code).name}
        _say({"id": children.pop(pid)["id"], **end})


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
    for pid in [*children, *_started_by_children()]:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
    sys.exit(0)


def _memory():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def serve(executor, modules):
    """Serves until the socket ends. Returns in a child only, with its task."""
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

    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # From here on the socket's end is noticed at once, and there are children to end with it.
    _die_with_parent(0)
    _say({"ready": True, "memory": _memory()})
    received = b""
    while True:
        ready, _, _ = select.select([CHANNEL, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
        if CHANNEL in ready:
            chunk = os.read(CHANNEL, 1 << 20)
            if not chunk:
                _end()
            *lines, received = (received + chunk).split(b"\n")
            for line in lines:
                task = json.loads(line)
                if _begin(task, imported, address, (wake, waker)):
                    return task
        _tell_ends()


if __name__ == "__main__":
    own_task = serve(sys.argv[1], sys.argv[2:])
    run_component.run(own_task["module"], own_task["arguments"])

"""Compiles KFP pipelines one after the other, or side by side, with one import of kfp.

python compile_worker.py MEMORY-BYTES ISOLATE(0 or 1). Requests are lines of JSON on standard input:
  {"id", "argv", "cwd", "env"}  compiles in a forked child; {"kill": id} ends it; {"preload": [module]} imports for later ones.
Answers are lines of JSON on standard output:
  {"ready"} or {"unfit"} once, {"id", "stream", "data"} for what a child prints, {"id", "exit", "signal"} at its end,
  {"id", "unconfined"} where the child could not be shut away and therefore did nothing.
Every compile has a process of its own, in namespaces of its own where ISOLATE says so, and nothing of it comes back here.
When standard input closes, whoever asked is gone: all ends.
"""
import base64
import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import sys
import traceback

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 0x40000
PR_CAPBSET_DROP, PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 24, 1, 38
UNCONFINED = 97
START_SECONDS = 120


def own_threads():
    try:
        return len(os.listdir('/proc/self/task'))
    except OSError:
        import threading

        return threading.active_count()


class Confinement:
    """Users, mounts and processes of its own for one child, as `unshare` makes them."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def prctl(self, option, value):
        return self.libc.prctl(option, *(ctypes.c_ulong(argument) for argument in (value, 0, 0, 0)))

    def check(self, result):
        if result != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def leave(self):
        """The caller's next child is the first process of new namespaces."""
        user, group = os.geteuid(), os.getegid()
        self.check(self.libc.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS))
        for name, text in (('setgroups', 'deny'), ('uid_map', f'{user} {user} 1'), ('gid_map', f'{group} {group} 1')):
            with open(f'/proc/self/{name}', 'w', encoding='ascii') as file:
                file.write(text)

    def settle(self):
        """In that child: a /proc of its own, and no rights left to undo it."""
        self.check(self.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        self.check(self.libc.mount(b'none', b'/', None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
        self.check(self.libc.mount(b'proc', b'/proc', b'proc', ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC), None))
        for capability in range(64):
            if self.prctl(PR_CAPBSET_DROP, capability) != 0:
                break
        self.check(self.prctl(PR_SET_NO_NEW_PRIVS, 1))
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        self.check(self.libc.capset(header, (ctypes.c_uint32 * 6)()))


def compile_in_child(compiler, request, streams):
    """Runs in the forked child and never returns: nothing of the worker but its imports is left to the source."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, stream in enumerate((nothing, *streams)):
            os.dup2(stream, number)
        os.closerange(3, 4096)
        os.chdir(request['cwd'])
        os.environ.clear()
        os.environ.update(request['env'])
        sys.argv = [compiler.__file__, *request['argv']]
        compiler.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def fork_compile(compiler, confinement, request):
    """Starts a child; its pid, that of the process to kill besides its group, and the reading ends of its streams."""
    pipes = [os.pipe(), os.pipe()]
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            inner = 0
            if confinement is not None:
                confinement.leave()
                inner = os.fork()
            if inner == 0:
                if confinement is not None:
                    confinement.settle()
                compile_in_child(compiler, request, [write for _, write in pipes])
            os.write(tell, str(inner).encode())
            os.closerange(0, 4096)
            _, status = os.waitpid(inner, 0)
            code = os.waitstatus_to_exitcode(status)
            if code < 0:
                os.kill(os.getpid(), -code)
            os._exit(code)
        except BaseException:
            os._exit(UNCONFINED)
    os.close(tell)
    for _, write in pipes:
        os.close(write)
    # Ends at once where there is no inner process: the child closes its end as it begins.
    inner = os.read(told, 32)
    os.close(told)
    for read, _ in pipes:
        os.set_blocking(read, False)
    return pid, int(inner) if inner else None, [read for read, _ in pipes]


class Worker:
    def __init__(self, compiler, confinement, answers):
        self.compiler, self.confinement, self.answers = compiler, confinement, answers
        self.children, self.wanted = {}, []
        self.selector = selectors.DefaultSelector()
        self.buffer = b''

    def tell(self, **answer):
        self.answers.write(json.dumps(answer) + '\n')
        self.answers.flush()

    def start(self, request):
        pid, inner, streams = fork_compile(self.compiler, self.confinement, request)
        self.children[pid] = (request['id'], inner, streams)
        for name, stream in zip(('stdout', 'stderr'), streams):
            self.selector.register(stream, selectors.EVENT_READ, lambda s=stream, n=name: self.relay(request['id'], n, s))

    def relay(self, identity, name, stream):
        """True where there may be more to come at once."""
        try:
            data = os.read(stream, 65536)
        except BlockingIOError:
            return False
        if data:
            self.tell(id=identity, stream=name, data=base64.b64encode(data).decode('ascii'))
        elif stream in self.selector.get_map():
            self.selector.unregister(stream)
        return bool(data)

    def end(self, pid):
        _, inner, _ = self.children[pid]
        for kill, target in ((os.killpg, pid), (os.kill, inner)):
            try:
                if target:
                    kill(target, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def reap(self):
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid not in self.children:
                continue
            self.end(pid)
            identity, _, streams = self.children.pop(pid)
            for name, stream in zip(('stdout', 'stderr'), streams):
                # A pipe holds less than this; whoever still writes has escaped, and is not waited for.
                for _ in range(64):
                    if not self.relay(identity, name, stream):
                        break
                if stream in self.selector.get_map():
                    self.selector.unregister(stream)
                os.close(stream)
            code = os.waitstatus_to_exitcode(status)
            if code == UNCONFINED and self.confinement is not None:
                self.tell(id=identity, unconfined=True)
            elif code < 0:
                self.tell(id=identity, exit=None, signal=signal.Signals(-code).name)
            else:
                self.tell(id=identity, exit=code, signal=None)

    def obey(self):
        data = os.read(0, 1 << 20)
        if not data:
            for pid in list(self.children):
                self.end(pid)
            os._exit(0)
        *lines, self.buffer = (self.buffer + data).split(b'\n')
        for line in lines:
            request = json.loads(line)
            if 'kill' in request:
                for pid in [pid for pid, (identity, _, _) in self.children.items() if identity == request['kill']]:
                    self.end(pid)
            elif 'preload' in request:
                self.wanted += request['preload']
            else:
                self.start(request)

    def preload(self):
        for name in self.wanted:
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001 - whoever needs it imports it again, and is told
                pass
        self.wanted = []
        gc.freeze()
        if own_threads() > 1:
            self.tell(unfit=True)
            os._exit(0)

    def serve(self):
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(0, selectors.EVENT_READ, self.obey)
        self.selector.register(woken, selectors.EVENT_READ, lambda: os.read(woken, 4096))
        self.tell(ready=True)
        while True:
            for key, _ in self.selector.select():
                key.data()
            self.reap()
            # What a source imported is imported here only while nobody waits.
            if self.wanted and not self.children:
                self.preload()


def main():
    memory, isolate = int(sys.argv[1]), sys.argv[2] == '1'
    answers = os.fdopen(os.dup(1), 'w', encoding='ascii')
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    # Nobody may be left to end an import that does not end.
    signal.alarm(START_SECONDS)
    import compile_kfp

    try:
        import google.protobuf.json_format
        import kfp
        import kfp.dsl.graph_component
    except ImportError:
        pass  # The child finds the same, and tells it to the user.
    signal.alarm(0)
    for name in ('compile_kfp', '_winnow_source'):
        del sys.modules[name]
    if own_threads() > 1:
        # A fork copies one thread: what the others held would stay held for ever.
        print(json.dumps({'unfit': True}), file=answers, flush=True)
        return
    gc.collect()
    gc.freeze()
    Worker(compile_kfp, Confinement() if isolate else None, answers).serve()


main()

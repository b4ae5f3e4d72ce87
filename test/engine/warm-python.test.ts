import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { startWarmServer } from '../../src/platform/engine/warm/warm-server.ts'
import { type PythonTask, pythonPipeline } from './python-pipeline.ts'
import { lives, openWorkshop, taskOf, until, untilFile, type Workshop } from './workshop.ts'

// The environment is built here, so that no test's time-out has to pay for it.
beforeAll(async () => {
  await using workshop = await openWorkshop()
  expect((await run(workshop, 'first', { task: { body: 'return ""' } })).error).toBeNull()
}, 300_000)

const begin = (workshop: Workshop, id: string, tasks: Readonly<Record<string, PythonTask>>): Promise<void> =>
  workshop.engine.start({
    resourceName: `projects/local/locations/local/pipelineJobs/${id}`,
    id,
    spec: pythonPipeline(tasks),
    parameters: { shared: workshop.shared },
    labels: {},
    pipelineRoot: '',
  })
const run = async (workshop: Workshop, id: string, tasks: Readonly<Record<string, PythonTask>>) => {
  await begin(workshop, id, tasks)
  return workshop.ended(id)
}
const outputOf = (view: EngineJobView, task: string): string => {
  const found = taskOf(view, task)
  expect(found.reason).toBeNull()
  return String(found.outputs.parameters['Output'])
}

/** Everything that a program can see of the process that it runs in. */
const facts = `
import json, logging, multiprocessing, os, resource, select, signal, stat, sys, tempfile, threading
main = sys.modules["__main__"]
told = {
    "argv": sys.argv, "main": [main.__name__, main.__spec__.name], "path": sys.path,
    "cwd": os.getcwd(), "environ": dict(os.environ), "tmp": tempfile.gettempdir(),
    "stdin": sys.stdin.read(), "terminals": [os.isatty(fd) for fd in (0, 1, 2)],
    "streams": [[s.encoding, s.errors, s.line_buffering, s.write_through] for s in (sys.stdout, sys.stderr)],
    "signals": {s.name: str(signal.getsignal(s)) for s in signal.Signals},
    "blocked": [str(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "threads": [t.name for t in threading.enumerate()], "leader": os.getsid(0) == os.getpid() == os.getpgid(0),
    "multiprocessing": [multiprocessing.get_start_method(), multiprocessing.current_process().name],
    "flags": str(sys.flags), "executable": sys.executable, "recursion": sys.getrecursionlimit(),
    "limits": [resource.getrlimit(kind) for kind in range(10)], "umask": os.umask(0o022),
    "descriptors": len(os.listdir("/proc/self/fd")), "logging": logging.getLogger().level,
    "executor": "kfp.dsl.executor_main" in sys.modules,
    "shown": [e for e in open("/proc/self/environ").read().split(chr(0)) if "SCOPE" in e],
}
return json.dumps(told)
`

/** Ends of a task: what it does, and what must be the same however its process was made. */
const ends: Readonly<Record<string, string>> = {
  returns: 'return "well"',
  exits: 'import sys\nsys.exit(3)',
  'exits-with-words': 'import sys\nsys.exit("enough of it")',
  'exits-at-once': 'import os\nos._exit(4)',
  raises: 'raise ValueError("the grain is wet")',
  'raises-by-interrupt': 'raise KeyboardInterrupt()',
  'is-terminated': 'import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)',
  crashes: 'import ctypes\nctypes.string_at(0)',
  aborts: 'import os\nos.abort()',
  'prints-last': 'import sys\nprint("to stdout")\nprint("to stderr", file=sys.stderr)\nsys.exit(5)',
}

/** What goes on after the function has returned, or beside it. */
const beside: Readonly<Record<string, string>> = {
  threads: `
import threading, time
def late():
    time.sleep(0.3)
    open(f"{shared}/late", "w").write("by a thread")
threading.Thread(target=late).start()
return "started"`,
  'exit-handlers': `
import atexit
atexit.register(lambda: open(f"{shared}/at-exit", "w").write("called"))
return "registered"`,
  unflushed: `
import builtins
builtins.kept = open(f"{shared}/unflushed", "w")
builtins.kept.write("all of it")
return "written"`,
  'destroyed-last': `
import json, weakref
class Slotted:
    __slots__ = ()
    def __del__(self, path=f"{shared}/slotted", open=open):
        open(path, "w").write("destroyed")
class Thing:
    pass
def pending(path=f"{shared}/generator", open=open):
    try:
        yield 1
    finally:
        open(path, "w").write("closed")
def write(path, words):
    open(path, "w").write(words)
json.kept = [Slotted(), Thing(), pending()]
next(json.kept[2])
json.ends = weakref.finalize(json.kept[1], write, f"{shared}/finalizer", "called")
return "kept"`,
  'written-by-c': `
import ctypes
ctypes.CDLL(None).printf(b"said by C, without the end of a line")
return "printed"`,
  'handlers-and-cycles': `
import atexit, json
class Node:
    def __init__(self):
        self.own = self
    def __del__(self, path=f"{shared}/cycle", open=open):
        open(path, "w").write("collected")
atexit.register(lambda: setattr(json, "late", Node()))
return "registered"`,
  'worker-processes': `
import multiprocessing, subprocess, sys
with multiprocessing.get_context("fork").Pool(2) as pool:
    lengths = pool.map(len, ["a", "bb", "ccc"])
with multiprocessing.get_context("spawn").Pool(1) as pool:
    lengths += pool.map(len, ["dddd"])
child = subprocess.run([sys.executable, "-c", "import os; print(os.environ['HOME'] != '')"], capture_output=True, text=True)
return f"{lengths} {child.stdout.strip()}"`,
  'much-output': `
for number in range(20000):
    print("x" * 100, number)
return "said"`,
}

describe.each([
  ['warm', true],
  ['cold', false],
])('a %s Python', (_, warmPython) => {
  it('ends as programs end, with what goes on beside it', async () => {
    await using workshop = await openWorkshop({ warmPython })
    const bodies = Object.entries({ ...ends, ...beside }).map(([name, body]) => [name, { body }] as const)
    const view = await run(workshop, 'ends', Object.fromEntries(bodies))
    const told = Object.keys(ends).map((name) => {
      const { state, reason } = taskOf(view, name)
      return [name, state, reason?.replace(/ \(read .*\)$/, '') ?? null]
    })
    expect(told).toEqual([
      ['returns', 'succeeded', null],
      ['exits', 'failed', expect.stringMatching(/^exits failed with exit code 3/)],
      ['exits-with-words', 'failed', 'exits-with-words failed with exit code 1: enough of it'],
      ['exits-at-once', 'failed', expect.stringMatching(/^exits-at-once failed with exit code 4/)],
      ['raises', 'failed', 'raises failed with exit code 1: ValueError: the grain is wet'],
      // Python ends by the signal itself, so that shells know.
      ['raises-by-interrupt', 'failed', expect.stringMatching(/^raises-by-interrupt was killed by SIGINT: Keyboard/)],
      ['is-terminated', 'failed', expect.stringMatching(/^is-terminated was killed by SIGTERM/)],
      ['crashes', 'failed', expect.stringMatching(/^crashes was killed by SIGSEGV/)],
      ['aborts', 'failed', expect.stringMatching(/^aborts was killed by SIGABRT/)],
      ['prints-last', 'failed', 'prints-last failed with exit code 5: to stderr'],
    ])
    expect(taskOf(view, 'raises').details.join('\n')).toMatch(
      /ephemeral_component\.py", line \d+, in run\n.*raise ValueError/,
    )
    expect(Object.keys(beside).map((name) => outputOf(view, name))).toEqual([
      'started',
      'registered',
      'written',
      'kept',
      'printed',
      'registered',
      '[1, 2, 3, 4] True',
      'said',
    ])
    const left = (name: string): Promise<string> => readFile(join(workshop.shared, name), 'utf8')
    const files = ['late', 'at-exit', 'unflushed', 'slotted', 'generator', 'finalizer', 'cycle']
    expect(await Promise.all(files.map(left))).toEqual([
      'by a thread',
      'called',
      'all of it',
      'destroyed',
      'closed',
      'called',
      'collected',
    ])
    const logOf = (task: string): Promise<string> => readFile(fileURLToPath(taskOf(view, task).logUri ?? ''), 'utf8')
    expect((await logOf('much-output')).match(/^x{100} \d+$/gm)).toHaveLength(20_000)
    expect(await logOf('written-by-c')).toContain('said by C, without the end of a line')
  })

  it('leaves no process that its task started and did not wait for', async () => {
    await using workshop = await openWorkshop({ warmPython })
    const left: Readonly<Record<string, string>> = {
      child: 'pid = subprocess.Popen(["sleep", "600"], start_new_session=True).pid',
      orphan: `
pid = int(subprocess.check_output(["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 & echo $!"]))`,
      alone: 'pid = 0',
    }
    const tasks = Object.entries(left).map(([name, work]) => [
      name,
      { body: `import subprocess\n${work}\nreturn str(pid)` },
    ])
    const view = await run(workshop, 'left', Object.fromEntries(tasks))
    expect(outputOf(view, 'alone')).toBe('0')
    for (const name of ['child', 'orphan']) {
      const pid = Number(outputOf(view, name))
      expect(pid).toBeGreaterThan(1)
      await until(`the end of what ${name} left`, async () => !(await lives(pid)))
    }
  })

  it('streams its log while it runs, and is stopped at its time limit with all that it forked', async () => {
    // Long enough for a busy machine to start it.
    await using workshop = await openWorkshop({ warmPython, taskTimeoutMs: 6_000 })
    // The daemon is forked, never executed, has a session of its own and does not listen to SIGTERM.
    const body = `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("it begins")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(f"{shared}/daemon", "w") as file:
            file.write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
time.sleep(600)`
    await begin(workshop, 'stuck', { stuck: { body } })
    await untilFile(join(workshop.shared, 'daemon'))
    await until('the first line', async () => {
      const uri = workshop.engine.view('stuck')?.tasks[0]?.logUri
      return uri ? (await readFile(fileURLToPath(uri), 'utf8')).includes('it begins\n') : false
    })
    const view = await workshop.ended('stuck')
    expect(taskOf(view, 'stuck').reason).toContain('its time limit')
    const daemon = Number(await readFile(join(workshop.shared, 'daemon'), 'utf8'))
    await until('the end of the daemon', async () => !(await lives(daemon)))
  })
})

describe('a warm Python', () => {
  it('cannot be told from a cold one from inside', async () => {
    const told = async (warmPython: boolean) => {
      await using workshop = await openWorkshop({ warmPython })
      // The second one is certain to find a server.
      const view = await run(workshop, 'job', {
        first: { body: 'return ""' },
        facts: { body: facts, after: ['first'] },
      })
      const text = outputOf(view, 'facts').replaceAll(workshop.root, 'ROOT')
      return text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'TOKEN')
    }
    const [cold, warm] = [JSON.parse(await told(false)), JSON.parse(await told(true))]
    // What an executor's input says of job and task differs in its ids alone.
    expect(warm).toEqual(cold)
  })

  it('shares its server with the next task, and nothing else', async () => {
    await using workshop = await openWorkshop()
    const look = `
import builtins, json, os, random, sys, tempfile, uuid
told = [os.getppid(), "LEAK" in os.environ, hasattr(json, "leak"), hasattr(builtins, "leak"), "leak" in sys.modules]
os.environ["LEAK"] = json.leak = builtins.leak = "x"
sys.modules["leak"] = os
sys.setrecursionlimit(500)
told += [random.random(), str(uuid.uuid4()), tempfile.mktemp()]
random.seed(1)
os.chdir("/")
return json.dumps(told)`
    const tasks = { one: { body: look }, two: { body: look, after: ['one'] }, three: { body: look, after: ['two'] } }
    const view = await run(workshop, 'leaks', tasks)
    const told = ['one', 'two', 'three'].map((name) => JSON.parse(outputOf(view, name)) as unknown[])
    expect(told.map((facts) => facts.slice(1, 5))).toEqual(Array(3).fill([false, false, false, false]))
    expect(new Set(told.map(([server]) => server)).size).toBe(1)
    expect(told[0]?.[0]).not.toBe(process.pid)
    for (const index of [5, 6, 7]) expect(new Set(told.map((facts) => facts[index])).size).toBe(3)
  })

  it('is not used where the component decides how Python starts', async () => {
    await using workshop = await openWorkshop()
    const body = 'import os\nreturn f"{os.getppid()} {hash(\'x\')}"'
    const seeded = { body, env: { PYTHONHASHSEED: '7' } }
    const view = await run(workshop, 'seeded', { one: seeded, two: seeded })
    expect(outputOf(view, 'one')).toMatch(new RegExp(`^${process.pid} `))
    expect(outputOf(view, 'two')).toBe(outputOf(view, 'one'))
  })

  it('gives a component a process of its own whose server died under it', async () => {
    await using workshop = await openWorkshop()
    const body = `
import os, signal, time
if not os.path.exists(f"{shared}/tried"):
    open(f"{shared}/tried", "w").close()
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
return str(os.getppid())`
    const view = await run(workshop, 'murder', { murder: { body } })
    expect(taskOf(view, 'murder')).toMatchObject({ state: 'failed', reason: expect.stringContaining('SIGKILL') })
    expect(outputOf(await run(workshop, 'again', { murder: { body } }), 'murder')).toBe(String(process.pid))
    // Others still find a warm one.
    const other = await run(workshop, 'other', { other: { body: 'import os\nreturn str(os.getppid())' } })
    expect(outputOf(other, 'other')).not.toBe(String(process.pid))
  })

  it('leaves no server when the engine closes', async () => {
    const workshop = await openWorkshop()
    const view = await run(workshop, 'job', { task: { body: 'import os\nreturn str(os.getppid())' } })
    const server = Number(outputOf(view, 'task'))
    expect(server).not.toBe(process.pid)
    expect(await lives(server)).toBe(true)
    let spare = Number.NaN
    await until('the child that waits for the next task', async () => {
      spare = Number.parseInt(await readFile(`/proc/${server}/task/${server}/children`, 'utf8'), 10)
      return spare > 1
    })
    await workshop[Symbol.asyncDispose]()
    expect(await lives(server)).toBe(false)
    await until('its end', async () => !(await lives(spare)))
  })

  it.each([
    [
      'a thread',
      'import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()',
      'threads',
    ],
    ['a socket', 'import socket\nkept = socket.socket()', 'sockets'],
  ])('is not made of imports that leave %s', async (_, source, why) => {
    await using workshop = await openWorkshop()
    const folder = join(workshop.root, 'modules')
    await mkdir(folder)
    await writeFile(join(folder, 'unsound.py'), source)
    const env = { PATH: process.env['PATH'] ?? '', PYTHONPATH: folder }
    const answer = await startWarmServer({ python: 'python3', executor: 'json.tool', modules: ['unsound'], env })
    expect(answer).toContain(why)
    expect(existsSync(folder)).toBe(true)
  })
})

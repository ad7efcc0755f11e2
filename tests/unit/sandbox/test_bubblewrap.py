"""Users' code is shut in: shown on the real kernel, with programs that try to get out or to do harm."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from belvedere.model.rendering import Limits
from belvedere.sandbox.bubblewrap import Bubblewrap, named_inputs
from belvedere.sandbox.port import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.user_code import ProgramRun

BWRAP = shutil.which("bwrap")
MEBIBYTE = 1024**2
SMALL = Limits(memory_bytes=256 * MEBIBYTE, cpu_seconds=5, wall_seconds=20.0, output_bytes=4 * MEBIBYTE)

pytestmark = pytest.mark.skipif(BWRAP is None, reason="bubblewrap is not installed (make system-packages)")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., ProgramRun]:
    """Run a program with one input, ``data.csv``."""

    def run(code: str, limits: Limits = SMALL, on_wait=lambda elapsed: None) -> ProgramRun:
        data, results = tmp_path / "data", tmp_path / "results"
        data.write_text("a,b\n1,2\n")
        results.mkdir(exist_ok=True)
        order = Order(code, "runs/a/data.csv.viz.py", {"data.csv": data})
        return Bubblewrap(Path(str(BWRAP))).run(order, results, limits, on_wait)

    return run


ATTEMPTS = """
def attempt(name, action):
    try:
        print(name, "allowed", repr(action())[:200])
    except BaseException as error:
        print(name, "refused", type(error).__name__, error)
"""


def refused(run: Callable[..., ProgramRun], attempts: str) -> str:
    """Run attempts, one a line, and return what was printed; every one must have been refused."""
    done = run(ATTEMPTS + attempts)
    assert done.problem is None, done
    assert " allowed " not in done.printed
    assert done.printed.count(" refused ") == attempts.count("attempt(")
    return done.printed


def test_it_reads_its_inputs_and_its_outputs_come_back(run) -> None:
    done = run(
        "import os, pathlib, sys\n"
        "assert os.getcwd() == sys.argv[2] == os.environ['BELVEDERE_OUTPUTS'] == '/outputs'\n"
        "text = pathlib.Path(sys.argv[1], 'data.csv').read_text()\n"
        "open('copy.csv', 'w').write(text)\n"
        "os.mkdir('more'); open('more/note.md', 'w').write('# Note')\n"
        "print('done'); print('careful', file=sys.stderr)\n"
    )

    assert done.problem is None
    assert [(file.name, file.path.read_text()) for file in done.files] == [
        ("copy.csv", "a,b\n1,2\n"),
        ("more/note.md", "# Note"),
    ]
    assert (done.printed, done.complained) == ("done", "careful")
    assert 0 < done.seconds < 20


def test_the_libraries_of_the_environment_are_there(run) -> None:
    done = run("import duckdb\nprint(duckdb.sql(\"select sum(a) + sum(b) from '/inputs/data.csv'\").fetchall())")

    assert done.printed == "[(3,)]"


def test_what_it_raises_is_told_from_its_first_line_on(run) -> None:
    done = run("def f():\n    return 1 / 0\n\nf()\n")

    assert done.problem == "The program failed: ZeroDivisionError: division by zero"
    assert 'File "/program/data.csv.viz.py", line 4, in <module>' in done.complained
    assert "inside.py" not in done.complained


def test_a_program_that_is_no_python_and_one_that_exits_are_told(run) -> None:
    assert "SyntaxError" in str(run("def (").problem)
    assert run("import sys; sys.exit(3)").problem == "The program ended with the status 3."
    assert run("import sys; sys.exit(0)").problem is None


def test_it_reaches_no_network_and_not_the_loopback_of_the_machine(run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused(
            run,
            "import socket, urllib.request\n"
            f"attempt('loopback', lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n"
            f"attempt('web', lambda: urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=2))\n"
            "attempt('far', lambda: socket.create_connection(('192.0.2.1', 80), 2))\n"
            "attempt('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))\n"
            "attempt('unix', lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))\n"
            "attempt('raw', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n"
            "attempt('bind', lambda: socket.create_server(('127.0.0.1', 0)))\n",
        )


def test_the_network_is_empty_even_where_the_filter_would_let_through(run) -> None:
    done = run("print(sorted(open('/proc/self/net/dev').read().split(':')[0].split()[-1:]))")

    assert done.printed == "['lo']"


def test_it_sees_nothing_of_our_environment(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVEDERE_MINIO_SECRET_KEY", "very-secret-value")
    done = run(
        "import glob, os\n"
        "print(sorted(os.environ))\n"
        "for name in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try:\n        print(open(name, 'rb').read())\n    except OSError as error:\n        print(error)\n"
    )

    assert done.problem is None
    assert "very-secret" not in done.printed
    assert "AWS" not in done.printed
    assert "'BELVEDERE_INPUTS', 'BELVEDERE_OUTPUTS'" in done.printed
    assert os.environ["HOME"] not in done.printed.replace(sys.base_prefix, "") or os.environ["HOME"] == "/"


def test_it_reads_no_file_of_the_machine_beyond_libraries(run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    project = Path(__file__).parents[3]
    places = ["/etc/shadow", "/etc/passwd", "/etc/hosts", secret, project / "README.md", project / ".belvedere"]
    places += [project / "dags", "/home", "/var", "/run", "/sys", "/boot", "/proc/kcore", "/proc/sys/kernel/hostname"]
    refused(
        run,
        "import os, pathlib\n"
        "def read(place):\n"
        "    path = pathlib.Path(place)\n"
        "    found = list(path.iterdir()) if path.is_dir() else path.read_bytes()\n"
        "    if not found:\n        raise OSError('masked: nothing in it')\n"
        "    return found\n" + "".join(f"attempt('read', lambda: read({str(place)!r}))\n" for place in places),
    )


def test_it_writes_nowhere_but_in_its_own_memory(run, tmp_path: Path) -> None:
    places = ["/x", "/usr/x", "/etc/x", "/dev/x", "/inputs/x", "/inputs/data.csv", "/program/x", "/proc/x"]
    places += ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj", "/proc/1/mem"]
    printed = refused(
        run, "".join(f"attempt({place!r}, lambda: open({place!r}, 'wb').write(b'x'))\n" for place in places)
    )

    assert "/inputs/data.csv refused OSError [Errno 30] Read-only file system" in printed
    assert (tmp_path / "data").read_text() == "a,b\n1,2\n"


def test_it_gains_no_rights_and_starts_no_process(run) -> None:
    refused(
        run,
        "import ctypes, os, subprocess, multiprocessing\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(*arguments):\n"
        "    if libc.syscall(*arguments) < 0:\n        raise OSError(ctypes.get_errno(), 'refused')\n"
        "attempt('fork', os.fork)\n"
        "attempt('program', lambda: subprocess.run(['/usr/bin/id']))\n"
        "attempt('exec', lambda: os.execv('/usr/bin/id', ['id']))\n"
        "attempt('user namespace', lambda: call(272, 0x10000000))\n"
        "attempt('mount', lambda: call(165, b'none', b'/tmp', b'tmpfs', 0, None))\n"
        "attempt('ptrace', lambda: call(101, 16, 1, 0, 0))\n"
        "attempt('bpf', lambda: call(321, 0, 0, 0))\n"
        "attempt('key ring', lambda: call(250, 0, -3, 0, 0, 0))\n"
        "attempt('io_uring', lambda: call(425, 1, 0))\n"
        "attempt('root', lambda: os.setuid(0))\n"
        "attempt('signal', lambda: os.kill(1, 9))\n",
    )


def test_it_sees_only_its_own_processes(run) -> None:
    done = run("import os\nprint([int(name) for name in os.listdir('/proc') if name.isdigit()], os.getuid())")

    assert done.printed in ("[1, 2] 65534", "[1, 2, 3] 65534")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\nwhile True:\n    os.fork()", "PermissionError"),
        ("import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()", "thread"),
        ("held = []\nwhile True:\n    held.append(bytearray(10_000_000))", "bytes of memory allowed"),
        ("while True:\n    pass", "processor time allowed"),
        ("import ctypes\nctypes.string_at(0)", "died of SIGSEGV"),
        ("with open('big', 'wb') as file:\n    while True:\n        file.write(bytes(1000000))", "File too large"),
        (
            "for number in range(100):\n    open(f'{number}', 'wb').write(bytes(1_000_000))",
            "No space left on device",
        ),
        ("number = 0\nwhile True:\n    number += 1\n    open(f'/tmp/{number}', 'w').close()", "20,000 files"),
        ("print('x' * 1_000_000)\nwhile True:\n    print('y' * 1_000_000)", "printed more than"),
    ],
    ids=["fork bomb", "threads", "memory", "loop", "crash", "huge file", "many bytes", "many files", "chatter"],
)
def test_what_takes_too_much_ends_with_a_clear_word(run, code: str, said: str) -> None:
    started = time.monotonic()
    done = run(code, Limits(memory_bytes=128 * MEBIBYTE, cpu_seconds=1, wall_seconds=15.0, output_bytes=4 * MEBIBYTE))

    assert said in str(done.problem)
    assert time.monotonic() - started < 12
    assert len(done.printed) + len(done.complained) < 40_000


def test_what_sleeps_for_ever_is_stopped_with_everything_in_the_sandbox(run) -> None:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    done = run("import time\nprint('asleep', flush=True)\ntime.sleep(1000)", Limits(wall_seconds=1.0))

    assert done.problem == "The program took longer than the 1 s allowed and was stopped."
    assert done.printed == "asleep"
    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before


def test_who_waits_is_called_and_may_end_it(run) -> None:
    def on_wait(elapsed: float) -> None:
        raise InterruptedError(f"enough after {elapsed:.1f}")

    with pytest.raises(InterruptedError, match="enough after 0"):
        run("import time\ntime.sleep(1000)", on_wait=on_wait)


def test_only_plain_files_come_out(run, tmp_path: Path) -> None:
    done = run(
        "import os\n"
        "os.symlink('/etc/shadow', 'shadow.txt'); os.symlink('/', 'root'); os.mkfifo('pipe')\n"
        "os.symlink('loop', 'loop')\n"
        "open('sparse.bin', 'wb').truncate(3_900_000)\n"
        "open('fine.txt', 'w').write('fine'); os.chmod('fine.txt', 0)\n"
        "os.makedirs('a/b/c/d/e'); open('a/b/c/d/e/deep.txt', 'w').write('deep')\n"
        "open('<b>\\n.txt', 'w').write('name'); open(b'\\xff.txt', 'w').write('bytes')\n"
    )

    assert done.problem is None
    assert {file.name for file in done.files} == {"fine.txt", "sparse.bin", "<b>\n.txt", "\ufffd.txt"}
    assert all(file.path.parent == tmp_path / "results" and not file.path.is_symlink() for file in done.files)
    notes = "\n".join(done.notes)
    assert "shadow.txt: it is a link" in notes
    assert "root: it is a link" in notes
    assert "pipe: it is no plain file" in notes
    assert "a/b/c/d: it lies more than 4 folders deep" in notes


def test_a_socket_left_in_the_outputs_is_left_there(run) -> None:
    done = run("import os, stat\nos.mknod('device', stat.S_IFSOCK | 0o600)\n")

    assert done.files == ()
    assert done.notes == ("device: it is no plain file and is left out.",)


def test_too_many_files_are_cut(run) -> None:
    done = run("for number in range(500):\n    open(f'{number:03d}.txt', 'w').write('x')")

    assert len(done.files) == 50
    assert done.notes == ("050.txt: this and the files after it are left out: at most 50 are shown.",)


def test_a_deep_tower_of_folders_is_no_trouble(run) -> None:
    done = run("import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\n")

    assert done.problem is None
    assert done.files == ()


def test_nothing_is_left_on_the_machine(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    descriptors = len(os.listdir("/proc/self/fd"))
    run("open('/tmp/x', 'w').write('x'); open('out.txt', 'w').write('x')")

    assert list(scratch.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert threading.active_count() >= 1


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys

    marker = f"1{os.getpid()}.5"
    program = (
        "from pathlib import Path\nfrom belvedere.model.rendering import Limits\n"
        "from belvedere.sandbox.bubblewrap import Bubblewrap\nfrom belvedere.sandbox.port import Order\n"
        f"results = Path({str(tmp_path)!r})\n"
        f"order = Order('import time\\nprint(1, flush=True)\\ntime.sleep({marker})', 'x.viz.py', {{}})\n"
        f"Bubblewrap(Path({BWRAP!r})).run(order, results, Limits(), lambda elapsed: print('waits', flush=True))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdout.readline() == b"waits\n"
    inside = psutil.Process(parent.pid).children(recursive=True)
    assert len(inside) >= 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    _, alive = psutil.wait_procs(inside, timeout=5)
    assert alive == []


def test_a_bwrap_that_cannot_set_up_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    done = Bubblewrap(broken).run(Order("pass", "x.viz.py", {}), tmp_path, SMALL, lambda elapsed: None)

    assert "could not be set up" in str(done.problem)
    assert "No permissions to create new namespace" in str(done.problem)


def test_names_of_inputs_lead_nowhere_else(tmp_path: Path) -> None:
    names = ["../../etc/passwd", "/abs/file", "a//b", "a/b/c", "x" * 300, "new\nline", ".."]
    placed = named_inputs(dict.fromkeys(names, tmp_path))

    assert list(placed) == ["etc/passwd", "abs/file", "a/b", "x" * 200, "new_line", "input"]

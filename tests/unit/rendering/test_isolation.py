"""The child that renders is shut in: shown on the real kernel, with renderers that try to get out."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from belvedere.errors import (
    IsolationUnavailable,
    LimitExceeded,
    MalformedArtifact,
    RendererCrashed,
    UnsupportedArtifact,
)
from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering import registry
from belvedere.rendering.isolation import confinement
from belvedere.rendering.isolation.ahead import ChildAhead
from belvedere.rendering.isolation.guard import references_isolated, render_isolated
from belvedere.rendering.isolation.landlock import landlock_abi

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = Limits(memory_bytes=256 * 1024**2, cpu_seconds=2, wall_seconds=6.0, output_bytes=1024**2)

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


def told(facts: dict[str, object]) -> Rendering:
    page = Output("page", "page.html", "text/html", b"<p>done</p>")
    return Rendering("escape", "test.escape", "1", "title", "alt", facts, (page,))


@pytest.fixture(params=["in its turn", "ahead"])
def captive(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, make_source) -> Iterator[object]:
    """Run a function as the renderer of the kind ``escape``, in a child that is forked for it or waits already."""
    source = make_source(b"anything")

    def run(function, limits: Limits = SMALL, strictness: str = "strict", on_wait=lambda elapsed: None):
        made = registry.Renderer("test.escape", "1", ("escape",), function)
        registry.renderers()
        monkeypatch.setitem(registry._registered, "escape", made)
        if request.param == "in its turn":
            return render_isolated(source, limits, strictness=strictness, on_wait=on_wait, kind="escape")
        ahead = ChildAhead(limits, strictness)
        ahead.prepare()
        with closing(ahead):
            return ahead.render(source, limits, strictness=strictness, on_wait=on_wait, kind="escape")

    return run


def attempt(action) -> str:
    try:
        return f"allowed: {action()!r}"
    except OSError as error:
        return f"refused: {error.errno}"


def test_a_rendering_comes_back_whole_with_what_it_cost(captive) -> None:
    result = captive(lambda source, limits: told({"bytes": source.size}))
    assert result.rendering.facts == {"bytes": 8}
    assert result.rendering.renderer_name == "test.escape"
    assert result.rendering.warnings == ()
    assert result.usage.wall_seconds > 0
    assert result.usage.peak_memory_bytes > 1024**2
    assert {"user namespace", "network namespace", "landlock", "system call filter"} <= set(result.usage.isolation)


def test_it_cannot_reach_the_network(captive) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with listener:
        result = captive(
            lambda source, limits: told(
                {"tcp": attempt(lambda: socket.create_connection(("127.0.0.1", port), timeout=1))}
            )
        )
    assert result.rendering.facts["tcp"].startswith("refused")


def test_it_may_pair_streams_but_not_datagrams_that_could_be_sent_elsewhere(captive) -> None:
    def pairing(source: Source, limits: Limits) -> Rendering:
        kinds = {"stream": socket.SOCK_STREAM, "datagram": socket.SOCK_DGRAM, "packets": socket.SOCK_SEQPACKET}
        return told({name: attempt(lambda kind=kind: socket.socketpair(type=kind)) for name, kind in kinds.items()})

    facts = captive(pairing).rendering.facts
    assert facts.pop("stream").startswith("allowed")
    assert facts == {"datagram": "refused: 1", "packets": "refused: 1"}


def test_reserved_addresses_do_not_lift_the_limit_on_memory(captive) -> None:
    def filling(source: Source, limits: Limits) -> Rendering:
        confinement.allow_reserving_addresses()
        return told({"filled": len(bytearray(2 * limits.memory_bytes))})

    with pytest.raises(LimitExceeded, match="memory"):
        captive(filling)


def test_it_reads_its_source_and_no_other_file(captive, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    paths = [str(secret), "/etc/passwd", "/etc/shadow", "/proc/1/environ", f"/proc/{os.getpid()}/environ"]

    def reading(source: Source, limits: Limits) -> Rendering:
        facts = {path: attempt(lambda path=path: Path(path).read_bytes()) for path in paths}
        return told({**facts, "source": source.path.read_text()})

    facts = captive(reading).rendering.facts
    assert facts.pop("source") == "anything"
    assert [answer for answer in facts.values() if not answer.startswith("refused")] == []


def test_it_writes_only_in_a_private_folder_that_is_gone_afterwards(captive, tmp_path: Path) -> None:
    def writing(source: Source, limits: Limits) -> Rendering:
        Path("spill").write_text("x")
        elsewhere = attempt(lambda: (tmp_path / "written").write_text("x"))
        over = attempt(lambda: source.path.write_text("x"))
        return told({"here": os.getcwd(), "elsewhere": elsewhere, "over": over})

    facts = captive(writing).rendering.facts
    assert facts["elsewhere"].startswith("refused")
    assert facts["over"].startswith("refused")
    assert not Path(facts["here"]).exists()


def test_it_has_no_environment_and_none_of_our_descriptors(captive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVEDERE_MINIO_SECRET_KEY", "s3cr3t")
    held = os.open("/etc/passwd", os.O_RDONLY)
    try:
        looked = captive(
            lambda source, limits: told({"environment": dict(os.environ), "held": attempt(lambda: os.read(held, 4))})
        )
    finally:
        os.close(held)
    assert looked.rendering.facts == {"environment": {}, "held": "refused: 9"}


def test_it_starts_no_process_and_no_program_and_signals_nobody(captive) -> None:
    parent = os.getpid()

    def spreading(source: Source, limits: Limits) -> Rendering:
        return told(
            {
                "fork": attempt(os.fork),
                "exec": attempt(lambda: os.execv("/bin/true", ["true"])),
                "kill": attempt(lambda: os.kill(parent, signal.SIGTERM)),
                "run": attempt(lambda: subprocess.run(["/bin/true"], check=True)),
                "unshare": attempt(lambda: libc_refuses("unshare", 0x10000000)),
            }
        )

    facts = captive(spreading).rendering.facts
    assert [name for name, answer in facts.items() if not answer.startswith("refused")] == []


def libc_refuses(name: str, *arguments: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(libc, name)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def test_too_much_memory_ends_as_a_limit(captive) -> None:
    def hungry(source: Source, limits: Limits) -> Rendering:
        return told({"bytes": len(bytearray(900 * 1024**2))})

    with pytest.raises(LimitExceeded) as failure:
        captive(hungry)
    assert failure.value.code == "memory"


def test_too_much_processor_time_ends_as_a_limit(captive) -> None:
    def busy(source: Source, limits: Limits) -> Rendering:
        while True:
            pass

    with pytest.raises(LimitExceeded) as failure:
        captive(busy, replace(SMALL, cpu_seconds=1, wall_seconds=60.0))
    assert failure.value.code == "cpu_time"


def test_too_long_a_wait_ends_as_a_limit_and_the_caller_is_called_meanwhile(captive) -> None:
    calls: list[float] = []

    def sleepy(source: Source, limits: Limits) -> Rendering:
        time.sleep(60)
        return told({})

    started = time.monotonic()
    with pytest.raises(LimitExceeded) as failure:
        captive(sleepy, replace(SMALL, wall_seconds=1.7), on_wait=calls.append)
    assert failure.value.code == "wall_time"
    assert time.monotonic() - started < 20
    assert len(calls) >= 2
    assert calls == sorted(calls)


def test_too_large_an_output_ends_as_a_limit(captive) -> None:
    def wordy(source: Source, limits: Limits) -> Rendering:
        return replace(told({}), outputs=(Output("page", "page.html", "text/html", b"x" * (limits.output_bytes + 1)),))

    with pytest.raises(LimitExceeded) as failure:
        captive(wordy)
    assert failure.value.code == "output_size"


def test_a_child_that_floods_the_pipe_is_stopped(captive) -> None:
    def flooding(source: Source, limits: Limits) -> Rendering:
        while True:
            os.write(3, b"x" * 65536)

    with pytest.raises(LimitExceeded) as failure:
        captive(flooding)
    assert failure.value.code == "output_size"


def test_a_crash_ends_this_rendering_only(captive) -> None:
    def crashing(source: Source, limits: Limits) -> Rendering:
        ctypes.string_at(0)
        return told({})

    with pytest.raises(RendererCrashed, match="SIGSEGV"):
        captive(crashing)


def test_an_unexpected_error_is_told_without_a_traceback(captive) -> None:
    def broken(source: Source, limits: Limits) -> Rendering:
        raise ZeroDivisionError("oh")

    with pytest.raises(RendererCrashed, match="ZeroDivisionError: oh") as failure:
        captive(broken)
    assert "Traceback" not in failure.value.message


def test_errors_of_the_artifact_travel_with_code_and_message(captive) -> None:
    def refusing(source: Source, limits: Limits) -> Rendering:
        raise MalformedArtifact("Row 3 is bad.", code="bad_row")

    with pytest.raises(MalformedArtifact, match="Row 3 is bad") as failure:
        captive(refusing)
    assert failure.value.code == "bad_row"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 8,
        b"\xff" * 64,
        b"\0\0\0\0\0\0\0\x02{}",
        b"\0\0\0\0\0\0\0\x04null",
        b"\0\0\0\0\0\0\0\x0b{'error':1}",
    ],
)
def test_nothing_the_child_says_is_believed(captive, message: bytes) -> None:
    def lying(source: Source, limits: Limits) -> Rendering:
        os.write(3, message)
        os._exit(0)

    with pytest.raises(RendererCrashed):
        captive(lying)


@pytest.mark.parametrize(
    "output",
    [
        Output("page", "../page.html", "text/html", b"x"),
        Output("page", "page.html", "text/html\r\nX: y", b"x"),
        Output("source", "page.html", "text/html", b"x"),
        Output("page", "page.html", "text/html", b"x", active=1),
    ],
)
def test_output_names_roles_and_types_are_checked(captive, output: Output) -> None:
    with pytest.raises(RendererCrashed):
        captive(lambda source, limits: replace(told({}), outputs=(output,)))


@pytest.mark.parametrize("active", [True, False])
def test_a_rendering_says_whether_its_page_holds_users_html(captive, active: bool) -> None:
    page = Output("page", "page.html", "text/html", b"x", active)
    (told_page,) = captive(lambda source, limits: replace(told({}), outputs=(page,))).rendering.outputs
    assert told_page == page


def test_facts_no_store_can_hold_are_made_plain(captive) -> None:
    odd = {"nan": float("nan"), "inf": float("inf"), "zero": "a\0b", "lone": "\ud800", "huge": 10**400, "deep": [[[]]]}
    facts = captive(lambda source, limits: told(odd)).rendering.facts
    assert facts["nan"] == "nan"
    assert facts["inf"] == "inf"
    assert facts["zero"] == "a\ufffdb"
    assert facts["lone"] == "\ufffd"
    assert "300 digits" in facts["huge"]


def test_what_on_wait_raises_ends_the_child_and_travels_on(captive) -> None:
    class LeaseLost(Exception):
        pass

    def losing(elapsed: float) -> None:
        raise LeaseLost

    def sleepy(source: Source, limits: Limits) -> Rendering:
        time.sleep(60)
        return told({})

    started = time.monotonic()
    with pytest.raises(LeaseLost):
        captive(sleepy, replace(SMALL, wall_seconds=50.0), on_wait=losing)
    assert time.monotonic() - started < 20


def refuse() -> None:
    raise OSError(1, "Operation not permitted")


def test_strict_does_not_render_where_the_kernel_refuses_a_protection(captive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "filter_system_calls", refuse)
    with pytest.raises(IsolationUnavailable, match="system call filter"):
        captive(lambda source, limits: told({}))


def test_lenient_renders_with_a_visible_warning(captive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "filter_system_calls", refuse)
    result = captive(lambda source, limits: told({}), strictness="lenient")
    assert "system call filter" in result.rendering.warnings[0]
    assert "system call filter" not in result.usage.isolation
    assert "landlock" in result.usage.isolation


def test_the_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    artifact = tmp_path / "artifact"
    artifact.write_bytes(b"x")
    program = textwrap.dedent(f"""
        import os, time
        from pathlib import Path
        from belvedere.model.rendering import Limits, Source
        from belvedere.rendering import registry
        from belvedere.rendering.isolation.guard import render_isolated

        def sleepy(source, limits):
            time.sleep(120)

        registry.renderers()
        registry._registered["sleepy"] = registry.Renderer("test.sleepy", "1", ("sleepy",), sleepy)
        path = Path({str(artifact)!r})
        source = Source("b", "k", "e", "", "", 1, path)
        said = []

        def on_wait(elapsed):
            if not said:
                said.append(1)
                print(Path(f"/proc/self/task/{{os.getpid()}}/children").read_text().split()[0], flush=True)

        render_isolated(source, Limits(), strictness="lenient", kind="sleepy", on_wait=on_wait)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 20
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_kinds_without_references_need_no_child(make_source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    assert references_isolated(make_source("a,b\n1,2\n"), SMALL, kind="table", strictness="strict") == ()


def test_references_are_read_in_a_child(make_source) -> None:
    text = (
        '{"outputs": [{"type": "markdown", "source": "minio://b/k.md"}, {"type": "tensorboard", "source": "s3://b/l"}]}'
    )
    found = references_isolated(make_source(text), SMALL, kind="kfp_ui_metadata", strictness="strict")
    assert [reference.uri for reference in found] == ["minio://b/k.md", "minio://b/l/"]


def test_an_unsupported_kind_is_said_in_words(make_source) -> None:
    with pytest.raises(UnsupportedArtifact, match="Apache Avro table, 16 bytes"):
        render_isolated(make_source(b"Obj\x01" + b"\0" * 12), SMALL, strictness="strict")


def test_no_descriptor_and_no_child_is_left_behind(captive) -> None:
    captive(lambda source, limits: told({}))
    descriptors, children = set(os.listdir("/proc/self/fd")), set(psutil.Process().children())
    for _ in range(5):
        captive(lambda source, limits: told({}))
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert set(psutil.Process().children()) <= children

"""What a journal acknowledged is in its segments: after kill -9, on a full disk, with many writers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from grundstein.core.errors import Refused
from grundstein.production.journal import Journal, closed, lines, segments

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from pathlib import Path
from grundstein.production.journal import Journal
journal, number = Journal(Path(sys.argv[1]), most_bytes=40_000), 0
while True:
    journal.append(b"%s %d %s" % (sys.argv[2].encode(), number, b"x" * (number % 900)))
    print(number, flush=True)
    number += 1
"""
LIMITED = """
import resource, sys
from pathlib import Path
from grundstein.core.errors import Refused
from grundstein.production.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
journal = Journal(Path(sys.argv[1]))
for number in range(60):
    try:
        journal.append(b"%d " % number + b"y" * (40 if number % 10 else 4_000))
    except Refused:
        print("refused")
    else:
        print(number)
"""


def written(folder: Path) -> list[bytes]:
    return [line for one in segments(folder) for line in lines(one.path)]


def started(folder: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name], stdout=subprocess.PIPE, text=True)


def test_lines_come_back_in_their_order_over_many_segments(tmp_path):
    journal = Journal(tmp_path / "new", most_bytes=100)
    said = [b"line %d" % number for number in range(100)]
    for line in said:
        journal.append(line)
    assert written(tmp_path / "new") == said
    assert len(segments(tmp_path / "new")) > 5


def test_every_acknowledged_line_survives_kill_9_at_any_moment(tmp_path):
    moments = random.Random(4)  # noqa: S311  (moments, no secret)
    for number in range(4):
        folder = tmp_path / str(number)
        writers = [started(folder, name) for name in ("a", "b")]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(moments.random() * 0.2)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for name, writer in zip("ab", writers, strict=True):
            told = [int(word) for word in (writer.communicate()[0] or "").split()]
            there = [int(line.split()[1]) for line in written(folder) if line.startswith(name.encode())]
            assert there == list(range(len(there)))
            assert len(told) <= len(there)
        assert not any(one.live for one in segments(folder))


def test_a_torn_last_line_is_left_out_and_only_that(tmp_path):
    journal = Journal(tmp_path)
    journal.append(b"whole")
    journal.close()
    (one,) = segments(tmp_path)
    with one.path.open("ab") as file:
        file.write(b'{"half')
    assert written(tmp_path) == [b"whole"]


@pytest.mark.parametrize("most", [0, 30, 300, 2_000])
def test_what_does_not_fit_on_the_disk_is_refused_and_what_was_acknowledged_is_there(tmp_path, most):
    """No file may grow over `most` bytes, which is what a full disk looks like to a program."""
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(most)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "refused" in told
    there = [line.split()[0].decode() for line in written(tmp_path)]
    assert there == [word for word in told if word != "refused"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator can make a small disk")
def test_a_disk_that_was_full_takes_lines_again_once_there_is_room(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be made here")
    try:
        journal, kept = Journal(tmp_path / "j"), []
        for number in range(40):
            try:
                journal.append(b"%d " % number + b"z" * 3_000)
            except Refused:
                (tmp_path / "filler").unlink(missing_ok=True)
            else:
                kept.append(number)
            if number == 3:
                (tmp_path / "filler").write_bytes(b"\0" * 49_152)
        assert 3 < len(kept) < 40
        assert [int(line.split()[0]) for line in written(tmp_path / "j")] == kept
        journal.close()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=False)


def test_a_segment_whose_writer_lives_is_left_alone_and_a_settled_one_is_not(tmp_path):
    journal = Journal(tmp_path, most_seconds=0.05)
    journal.append(b"one")
    with closed(tmp_path, 1_000) as there:
        assert not there
    assert [one.live for one in segments(tmp_path)] == [True]
    time.sleep(0.06)
    journal.settle()
    with closed(tmp_path, 1_000) as there:
        assert [list(lines(path)) for path in there] == [[b"one"]]


def test_only_one_reader_has_a_segment_and_empty_ones_go(tmp_path):
    journal = Journal(tmp_path, most_bytes=1)
    for number in range(3):
        journal.append(b"%d" % number)
    journal.close()
    (tmp_path / "0.jsonl").touch()
    with closed(tmp_path, 4) as first, closed(tmp_path, 1_000) as second:
        assert (len(first), len(second)) == (2, 1)
    assert len(segments(tmp_path)) == 3


def test_threads_share_a_journal_without_mixing_lines(tmp_path):
    journal = Journal(tmp_path, most_bytes=2_000)

    def write(name: bytes) -> None:
        for number in range(200):
            journal.append(b"%s%d" % (name * 50, number))

    threads = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written(tmp_path)) == sorted(
        b"%s%d" % (n * 50, i) for n in (b"a", b"b", b"c", b"d") for i in range(200)
    )


def test_a_line_with_a_break_in_it_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="line break"):
        Journal(tmp_path).append(b"a\nb")

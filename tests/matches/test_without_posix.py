"""On a system without POSIX locks, process groups and fork, simulated in a process of its own."""

import subprocess
import sys

import pytest

_WINDOWS_LIKE = """
import os, signal, sys
for module in ("fcntl", "grp", "pty", "pwd", "resource", "termios"):
    sys.modules[module] = None
for owner, names in ((os, ("fork", "killpg", "register_at_fork", "setsid", "sched_getaffinity", "O_CLOEXEC", "O_NONBLOCK")), (signal, ("SIGKILL", "SIGALRM"))):
    for name in names:
        if hasattr(owner, name):
            delattr(owner, name)
from agentarena.cli import main
main(sys.argv[1:])
"""


def command(*arguments, cwd):
    return subprocess.run([sys.executable, "-c", _WINDOWS_LIKE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_matches_in_one_process_without_files_need_no_posix(tmp_path):
    ended = command("play", "KuhnPoker-v0", "random", "kuhnpoker/nash", "-n", "4", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "4 matches" in ended.stdout


@pytest.mark.parametrize("options", [("--out", "a.jsonl"), ("--workers", "2"), ("--deadline", "5")])
def test_what_needs_posix_says_so_and_what_to_do_without_it(options, tmp_path):
    ended = command("play", "KuhnPoker-v0", "random", "random", "-n", "4", *options, cwd=tmp_path)
    assert ended.returncode == 2
    assert "use WSL" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1

"""A program that speaks the protocol and attacks its host: `hostile_program.py ATTACK TOKEN {json of what to attack}`.

Attacks that are to be stopped say what they achieved as lines "BROKE: ..." on standard error, and play on.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

ATTACK, TARGET = sys.argv[1], json.loads(sys.argv[3])
OUT = os.fdopen(1, "wb", buffering=0)
SCRATCH = os.environ["HOME"]


def broke(what):
    sys.stderr.write(f"BROKE: {what}\n")
    sys.stderr.flush()


def attempt(what, action):
    """Say so if an action does not fail."""
    try:
        result = action()
    except (OSError, ValueError, AttributeError):
        return
    if result is not False:
        broke(what)


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def write(path, mode="w"):
    with open(path, mode):
        pass


def send(message):
    OUT.write(json.dumps(message).encode() + b"\n")


def answer(question):
    send({"id": question["id"], "reply": question["legal"][0]})


def syscall(number, *arguments):
    """Whether a system call succeeds."""
    return ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments) >= 0


# --- attacks on files, processes, network: each plays on ---------------------------------------------------------------------


def read_host(question):
    attempt("read a file of the host", lambda: read(TARGET["secret"]))
    attempt("read /etc/passwd", lambda: read("/etc/passwd"))
    attempt("listed the host's folder", lambda: os.listdir(os.path.dirname(TARGET["secret"])))
    for pid in (1, TARGET["host"]):
        attempt("read an environment of the host", lambda pid=pid: len(read(f"/proc/{pid}/environ")) > 0)
    attempt("read the host's command line", lambda: b"pytest" in read(f"/proc/{TARGET['host']}/cmdline"))
    if set(os.environ) - {
        "HOME",
        "LANG",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "TMPDIR",
        "LC_CTYPE",
        "PWD",
    }:
        broke("has an environment")


def write_host(question):
    attempt("wrote among the host's files", lambda: write(os.path.join(TARGET["open_folder"], "new")))
    attempt("changed a file of the host", lambda: write(TARGET["open_file"], "a"))
    attempt("truncated a file of the host", lambda: os.truncate(TARGET["open_file"], 0))
    attempt("wrote in its own folder", lambda: write("mine"))
    attempt("changed the mode of a file of the host", lambda: os.chmod(TARGET["open_file"], 0o600))


def symlinks(question):
    for number, path in enumerate((TARGET["secret"], TARGET["open_folder"], "/", "../../..")):
        os.symlink(path, os.path.join(SCRATCH, f"link{number}"))
    attempt("read a file of the host", lambda: read(os.path.join(SCRATCH, "link0")))
    attempt("wrote among the host's files", lambda: write(os.path.join(SCRATCH, "link1", "new")))


def deep_folders(question):
    os.chdir(SCRATCH)
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")


def late_folders(question):
    if question["id"] == 1:
        deep_folders(question)


def late_filling(question):
    if question["id"] == 1:
        for number in range(5):
            with open(os.path.join(SCRATCH, f"part{number}"), "wb") as file:
                file.write(bytes(4 << 20))
        time.sleep(60)


def sockets(question):
    def tcp():
        with socket.socket() as one:
            one.settimeout(1)
            one.connect(("127.0.0.1", TARGET["tcp"]))

    def udp():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"x", ("127.0.0.1", TARGET["udp"]))

    def unix():
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(TARGET["unix"])

    def pair():
        one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one.sendto(b"x", TARGET["unix_datagrams"])

    attempt("opened a TCP connection", tcp)
    attempt("sent a UDP packet", udp)
    attempt("reached a unix socket", unix)
    attempt("sent to a unix socket", pair)
    attempt("had an io_uring", lambda: syscall(425, 8, ctypes.create_string_buffer(120)))


def signals(question):
    attempt("could signal the host", lambda: os.kill(TARGET["host"], 0))
    if TARGET["protected"]:
        for victim in (os.getppid(), -1):
            with contextlib.suppress(OSError):
                os.kill(victim, signal.SIGKILL)


def privileges(question):
    attempt("made a user namespace", lambda: syscall(272, 0x10000000))
    attempt("made a user namespace by clone", lambda: subprocess.run(["unshare", "-U", "true"], stderr=subprocess.DEVNULL).returncode == 0)
    attempt("traced a process", lambda: syscall(101, 16, TARGET["host"], 0, 0))
    attempt("became root", lambda: os.setuid(0))
    attempt("changed its limits", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)))
    attempt("raised its priority", lambda: os.nice(-5))
    attempt("left its group", os.setsid)
    attempt("escaped the end of its parent", lambda: syscall(157, 1, 0, 0, 0, 0))
    for number in range(3, 64):
        try:
            os.fstat(number)
        except OSError:
            continue
        broke("has a descriptor of the host")


def forks(question):
    """More processes than it may have, none of which it waits for."""
    made = 0
    for _ in range(100):
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
        except OSError:
            break
    if made > 64:
        broke("made too many processes")


def daemons(question):
    for _ in range(5):
        if os.fork() == 0:
            with contextlib.suppress(OSError):
                os.setsid()
            if os.fork():
                os._exit(0)
            time.sleep(600)
            os._exit(0)


def zombies(question):
    for _ in range(30):
        if os.fork() == 0:
            os._exit(0)


def thinks_on(question):
    """Counts in a thread; says how much it counted while it was not its turn."""
    say_idle_work(question)
    if not question["id"]:
        threading.Thread(target=count, daemon=True).start()
    time.sleep(0.05)


def say_idle_work(question):
    if question["id"] and time.process_time() - STATE["used"] > 0.35:
        broke("worked while it was not its turn")


def count():
    while True:
        STATE["count"] += 1


STATE = {"used": 0.0, "count": 0}


def wakes_itself(question):
    """A timer continues it while it is stopped."""
    say_idle_work(question)
    if question["id"]:
        return
    signal.signal(signal.SIGCONT, lambda *_: None)
    event = ctypes.create_string_buffer(64)
    ctypes.memmove(ctypes.addressof(event) + 8, (ctypes.c_int * 2)(signal.SIGCONT, 0), 8)
    timer = ctypes.c_void_p()
    libc = ctypes.CDLL(None)
    if syscall(222, 1, event, ctypes.byref(timer)):
        libc.syscall(ctypes.c_long(223), timer, 0, (ctypes.c_long * 4)(0, 10_000_000, 0, 10_000_000), None)
        threading.Thread(target=count, daemon=True).start()
        time.sleep(0.05)


def fill_scratch(question):
    written = 0
    for number in range(40):
        try:
            with open(os.path.join(SCRATCH, f"f{number}"), "wb") as stream:
                for _ in range(4):
                    stream.write(bytes(1 << 20))
                    written += 1 << 20
        except OSError:
            break
    time.sleep(0.3)
    if written > TARGET["scratch_bytes"] * 3 // 2:
        broke("filled the disk")


# --- attacks that do not play on -----------------------------------------------------------------------------------------------


def fork_bomb(question):
    while True:
        with contextlib.suppress(OSError):
            os.fork()


def memory_hog(question):
    block = bytearray(800 << 20)
    for at in range(0, len(block), 4096):
        block[at] = 1


def memory_hogs(question):
    for _ in range(5):
        if os.fork() == 0:
            block = bytearray(150 << 20)
            for at in range(0, len(block), 4096):
                block[at] = 1
            time.sleep(60)
    time.sleep(60)


def flood(question):
    while True:
        OUT.write(b"x" * 65536)


def flood_stderr(question):
    while True:
        os.write(2, b"x" * 65536)


def stop_itself(question):
    os.kill(os.getpid(), signal.SIGSTOP)


def leaves_a_child(question):
    if os.fork() == 0:
        time.sleep(600)
    os._exit(3)


def raw(data):
    def play(question):
        OUT.write(data)
        time.sleep(60)

    return play


def fields(**changes):
    def play(question):
        send({"id": question["id"], "reply": question["legal"][0], **changes})
        time.sleep(60)

    return play


EVERY_TURN = ("late_filling", "late_folders", "thinks_on", "wakes_itself")
ENDS = {
    "sleep": lambda question: time.sleep(60),
    "half_line": raw(b'{"id": 0, "reply": "a'),
    "huge_json": raw(b'{"id": 0, "reply": "' + b"a" * 3_000_000 + b'"}\n'),
    "deep_json": raw(b'{"id": 0, "memory": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"),
    "bad_utf8": raw(b'{"id": 0, "reply": "\xff\xfe"}\n'),
    "surrogate": raw(b'{"id": 0, "reply": "\\ud800"}\n'),
    "nan": raw(b'{"id": 0, "action": NaN}\n'),
    "long_number": raw(b'{"id": 0, "action": ' + b"9" * 4000 + b"}\n"),
    "twice_a_field": raw(b'{"id": 0, "id": 0, "action": 1}\n'),
    "fake_result": raw(b'{"winner": 0, "returns": [1, -1], "outcome": "won"}\n'),
    "words": raw(b"I play the centre.\n"),
    "empty_line": raw(b"\n"),
    "wrong_id": fields(id=7),
    "both": fields(action=0),
    "pickle": raw(b"\x80\x04\x95\x1b\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.\n"),
    "answers_twice": lambda question: OUT.write(b'{"id": %d, "action": 4}\n' % question["id"] * 2),
    "exit": lambda question: os._exit(7),
    "raise": lambda question: 1 / 0,
    "says_error": lambda question: send({"id": question["id"], "error": "no move\x1b[2J found"}),
}


def main():
    start = json.loads(sys.stdin.buffer.readline())
    assert start["type"] == "start"
    if ATTACK == "hang_at_start":
        time.sleep(60)
    if ATTACK == "exit_at_once":
        return
    ready = json.dumps({"type": "ready"}).encode() + b"\n"
    OUT.write(ready + (b'{"id": 0, "action": 4}\n' if ATTACK == "early_answer" else b""))
    attack = ENDS.get(ATTACK) or globals().get(ATTACK)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        if attack is not None and (question["id"] == 0 or ATTACK in EVERY_TURN):
            attack(question)
        if ATTACK not in ENDS:
            answer(question)
            STATE["used"] = time.process_time()


main()

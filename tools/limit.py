"""Runs a command under a time limit, for tests that hang: says which tests have begun and not ended, and what every process of theirs waits for.

  limit.py SECONDS COMMAND [ARGUMENT …]

The command runs in a session of its own, all of which is killed at the limit. Exit status: the command's; 124 at the limit.
"""

import os
import re
import signal
import subprocess
import sys
import threading

BEGUN = re.compile(r"^◇ Test (?!run |case )(.*?) started\.$")
ENDED = re.compile(r"^. Test (?!run |case )(.*?)(?: with \d+ test cases?)? (?:passed|failed|skipped)\b")


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def processes(session):
    """The living processes of a session, each with its threads: what it is, its state, and where in the kernel it waits."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        if len(fields) < 4 or int(fields[3]) != session:
            continue
        words = read(f"/proc/{pid}/cmdline").replace("\0", " ")[:160]
        yield f"  {pid} (parent {fields[1]}, {fields[0]}) {words}"
        for thread in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
            place = f"/proc/{pid}/task/{thread}"
            state = read(f"{place}/stat").rpartition(")")[2].split()[:1]
            waits = f"{read(f'{place}/wchan')} {' '.join(read(f'{place}/syscall').split()[:2])}"
            yield f"    {thread} {read(f'{place}/comm').strip()} {''.join(state)} {waits}"


def main():
    limit, command = float(sys.argv[1]), sys.argv[2:]
    # By line: what a program that hangs holds back would tell where it hangs.
    child = subprocess.Popen(["stdbuf", "-oL", *command], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
    begun, late = {}, threading.Event()

    def end(told):
        if child.poll() is not None:
            return
        late.set()
        print(f"\nlimit: {told}; it is ended. Begun and not ended:", flush=True)
        print("\n".join(f"  {name}" for name in begun) or "  no test", flush=True)
        print("\n".join(processes(child.pid)), flush=True)
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(limit, end, [f"'{' '.join(command)}' has taken {limit:.0f} s"])
    timer.daemon = True
    timer.start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: (end(f"signal {number} came"), sys.exit(128 + number)))
    for raw in child.stdout:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
        line = raw.decode(errors="replace").rstrip("\n")
        if match := BEGUN.match(line):
            begun[match[1]] = True
        elif match := ENDED.match(line):
            begun.pop(match[1], None)
    status = child.wait()
    timer.cancel()
    sys.exit(124 if late.is_set() else status if status >= 0 else 128 - status)


main()

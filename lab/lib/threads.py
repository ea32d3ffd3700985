# SPDX-License-Identifier: GPL-2.0-or-later
"""threads.py - stop one thread of a process while the others go on (ptrace)

SIGSTOP stops them all.  A thread that hangs alone is what a deadlock looks
like: the rest of the program answers, and a part of its work is not done.
"""
import ctypes
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p,
                         ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def threads(pid):
    return sorted(int(entry) for entry in os.listdir(f"/proc/{pid}/task"))


def _ptrace(request, tid):
    if _libc.ptrace(request, tid, None, None):
        raise OSError(ctypes.get_errno(), f"ptrace {request} {tid}")


def stop(tid):
    """To be undone by the thread that calls this."""
    _ptrace(SEIZE, tid)
    _ptrace(INTERRUPT, tid)
    os.waitpid(tid, WALL)


def go_on(tid):
    _ptrace(DETACH, tid)

# SPDX-License-Identifier: GPL-2.0-or-later
"""sound.py - what a phone has heard: recordings and the tones in them"""
import math
import struct

RATE = 8000         # samples a second: G.711


def read_wave(path):
    """Samples; a recording that goes on has no right header yet."""
    data = path.read_bytes()
    at = data.find(b"data")
    data = data[at + 8:] if at >= 0 else b""
    return struct.unpack(f"<{len(data) // 2}h", data[:len(data) // 2 * 2])


def recorded(folder):
    """Samples the phone with this snd_path has decoded last."""
    files = sorted(folder.glob("dump-*-dec.wav"))
    return read_wave(files[-1]) if files else ()


def share(samples, hertz):
    """How much of the power is at this frequency: 1 for a pure tone."""
    power = sum(s * s for s in samples)
    if not power:
        return 0.0
    re_ = sum(s * math.cos(2 * math.pi * hertz * i / RATE)
              for i, s in enumerate(samples))
    im_ = sum(s * math.sin(2 * math.pi * hertz * i / RATE)
              for i, s in enumerate(samples))
    return 2 * (re_ * re_ + im_ * im_) / (len(samples) * power)

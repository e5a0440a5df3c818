"""Whole steps of aggregation as compiled code, which leaves nothing in memory between reading and summing.

To be called by `kernels.fused`: importing this module imports numba. Each function has a twin of `loops` or
of numpy calls that gives the same bytes. Float32 updates are read from a `window.Window`: ``memory``, and the
place in it of each row's tensors; the last row is the global model.

numba keeps compiled code until this file changes: touch it after a change of `vectors`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from minerva.learning.aggregation.vectors import load, plus, store, times

_CHUNK = 2_048
_STRIP = 8
"""Rows whose inner products with all others are worked on at once."""


def window_grams(memory: Any, places: Any, starts: Any, first: int, block: int, totals: Any) -> None:
    """Write the upper triangles of the inner products of blocks ``first`` and on, one to each of ``totals``."""
    count, size = places.shape[0] - 1, starts[-1]
    chunk, lanes, delta = _room(count)
    for number in range(totals.shape[0]):
        begin = (first + number) * block
        for start in range(begin, min(begin + block, size), _CHUNK):
            width = min(_CHUNK, size - start)
            for row in range(count):
                _delta(memory, places, starts, row, start, delta[:width])
                delta[width:] = 0.0
                _place(delta, chunk, row, count)
            _add_products(chunk, count, lanes, totals[number])


def block_gram(values: Any, total: Any) -> None:
    """Add the inner products of a block's rows to the upper triangle of ``total``; see `gram.block_gram`."""
    count, width = values.shape
    chunk, lanes, _ = _room(count)
    for start in range(0, width, _CHUNK):
        for row in range(count):
            _place(values[row, start : start + _CHUNK], chunk, row, count)
        _add_products(chunk, count, lanes, total)


def window_combination(
    memory: Any, places: Any, starts: Any, factors: Any, divisor: float, start: int, out: Any
) -> None:
    """Write the combination of rows from element ``start`` on, divided; see `gram.combination`."""
    base_row = places.shape[0] - 1
    base = np.empty(_CHUNK)
    for begin in range(0, out.size, _CHUNK):
        sums = out[begin : begin + _CHUNK]
        sums[:] = 0.0
        done = 0
        while done < sums.size:
            tensor, inside, width = _cut(starts, start + begin + done, sums.size - done)
            part = sums[done : done + width]
            origin = places[base_row, tensor] + inside
            base[:width] = memory[origin : origin + width]
            for row in range(base_row):
                if factors[row] != 0.0:
                    origin = places[row, tensor] + inside
                    _add_difference(part, memory[origin : origin + width], base, factors[row])
            done += width
        for k in range(sums.size):
            sums[k] /= divisor


def window_sum(memory: Any, places: Any, weights: Any, sums: Any) -> None:
    """Add weighted rows, which begin at ``places``, to ``sums``, one after the other."""
    for begin in range(0, sums.size, _CHUNK):
        part = sums[begin : begin + _CHUNK]
        row = 0
        while row + 8 <= places.size:
            a, b = (
                _read(memory, places[row] + begin, part.size),
                _read(memory, places[row + 1] + begin, part.size),
            )
            c, d = (
                _read(memory, places[row + 2] + begin, part.size),
                _read(memory, places[row + 3] + begin, part.size),
            )
            e, f = (
                _read(memory, places[row + 4] + begin, part.size),
                _read(memory, places[row + 5] + begin, part.size),
            )
            g, h = (
                _read(memory, places[row + 6] + begin, part.size),
                _read(memory, places[row + 7] + begin, part.size),
            )
            _add_eight(part, a, b, c, d, e, f, g, h, weights[row : row + 8])
            row += 8
        while row < places.size:
            _add(part, _read(memory, places[row] + begin, part.size), weights[row])
            row += 1


@njit(nogil=True)
def _read(memory: Any, place: int, size: int) -> Any:
    return memory[place : place + size]


@njit(nogil=True)
def _room(count: int) -> Any:
    even = count + count % 2
    return _aligned(even * _CHUNK), _aligned(_STRIP * even * 64), _aligned(_CHUNK)


@njit(nogil=True)
def _aligned(size: int) -> Any:
    """Return zeros that begin with a cache line: a vector that lies across two takes twice as long."""
    raw = np.zeros(size + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + size]


@njit(nogil=True)
def _cut(starts: Any, start: int, most: int) -> Any:
    """Return the tensor that holds element ``start``, the element in it, and how many of ``most`` it holds."""
    tensor = np.searchsorted(starts, start, side="right") - 1
    return tensor, start - starts[tensor], min(most, starts[tensor + 1] - start)


@njit(nogil=True)
def _delta(memory: Any, places: Any, starts: Any, row: int, start: int, out: Any) -> None:
    """Write elements of row - base, in float64 and without negative zeros."""
    done, base_row = 0, places.shape[0] - 1
    while done < out.size:
        tensor, inside, width = _cut(starts, start + done, out.size - done)
        one, base = places[row, tensor] + inside, places[base_row, tensor] + inside
        _subtract(memory[one : one + width], memory[base : base + width], out[done : done + width])
        done += width


@njit(nogil=True)
def _subtract(row: Any, base: Any, out: Any) -> None:
    for k in range(out.size):
        out[k] = (np.float64(row[k]) - np.float64(base[k])) + 0.0  # numba's float() of a float32 stays one


@njit(nogil=True)
def _add_difference(sums: Any, row: Any, base: Any, factor: float) -> None:
    for k in range(sums.size):
        sums[k] += ((np.float64(row[k]) - base[k]) + 0.0) * factor


@njit(nogil=True)
def _add_eight(sums: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, w: Any) -> None:
    for i in range(sums.size):
        s = sums[i]
        s += np.float64(a[i]) * w[0]
        s += np.float64(b[i]) * w[1]
        s += np.float64(c[i]) * w[2]
        s += np.float64(d[i]) * w[3]
        s += np.float64(e[i]) * w[4]
        s += np.float64(f[i]) * w[5]
        s += np.float64(g[i]) * w[6]
        s += np.float64(h[i]) * w[7]
        sums[i] = s


@njit(nogil=True)
def _add(sums: Any, row: Any, weight: float) -> None:
    for k in range(sums.size):
        sums[k] += np.float64(row[k]) * weight


@njit(nogil=True)
def _place(delta: Any, chunk: Any, row: int, count: int) -> None:
    """Put a row's chunk where `_add_products` reads it in one go.

    Lanes come in 32 vectors of 8. Vectors v, v + 16, v + 8 and v + 24, which the tree of additions joins first,
    are one quarter's; the order is quarter (v), row, vector, product of a lane, lane.
    """
    even = count + count % 2
    for quarter in range(8):
        to = (quarter * even + row) * 256
        for vector in (quarter, quarter + 16, quarter + 8, quarter + 24):
            for term in range(8):
                store(chunk, to, load(delta, term * 256 + vector * 8))
                to += 8


@njit(nogil=True)
def _add_products(chunk: Any, count: int, lanes: Any, total: Any) -> None:
    """Add one chunk's inner products to ``total``: two rows by two, whose sums stay in registers."""
    even = count + count % 2
    for strip in range(0, even, _STRIP):
        end = min(strip + _STRIP, even)
        for quarter in range(8):
            for j in range(strip, even, 2):
                for i in range(strip, min(end, j + 1), 2):
                    at = (((i - strip) * even + j) * 8 + quarter) * 8
                    _tile(chunk, (quarter * even + i) * 256, (quarter * even + j) * 256, lanes, at, even * 64)
        for i in range(strip, min(end, count)):
            for j in range(i, count):
                total[i, j] += _tree(lanes, ((i - strip) * even + j) * 64)


@njit(nogil=True)
def _tile(chunk: Any, one: int, two: int, lanes: Any, at: int, stride: int) -> None:
    a, b, c, d = _four(chunk, one, two)
    e, f, g, h = _four(chunk, one + 64, two + 64)
    a, b, c, d = plus(a, e), plus(b, f), plus(c, g), plus(d, h)
    e, f, g, h = _four(chunk, one + 128, two + 128)
    p, q, r, s = _four(chunk, one + 192, two + 192)
    e, f, g, h = plus(e, p), plus(f, q), plus(g, r), plus(h, s)
    store(lanes, at, plus(a, e))
    store(lanes, at + 64, plus(b, f))
    store(lanes, at + stride, plus(c, g))
    store(lanes, at + stride + 64, plus(d, h))


@njit(nogil=True, inline="always")
def _four(chunk: Any, one: int, two: int) -> Any:
    """Sum a vector of lanes of the inner products of two rows with two."""
    w, x, y, z = load(chunk, one), load(chunk, one + 256), load(chunk, two), load(chunk, two + 256)
    a, b, c, d = times(w, y), times(w, z), times(x, y), times(x, z)
    for term in range(8, 64, 8):
        w, x = load(chunk, one + term), load(chunk, one + 256 + term)
        y, z = load(chunk, two + term), load(chunk, two + 256 + term)
        a, b, c, d = plus(a, times(w, y)), plus(b, times(w, z)), plus(c, times(x, y)), plus(d, times(x, z))
    return a, b, c, d


@njit(nogil=True)
def _tree(lanes: Any, at: int) -> Any:
    """Add up the eight vectors that are left of a chunk's lanes, the second half to the first, and so on."""
    a = plus(load(lanes, at), load(lanes, at + 32))
    b = plus(load(lanes, at + 8), load(lanes, at + 40))
    c = plus(load(lanes, at + 16), load(lanes, at + 48))
    d = plus(load(lanes, at + 24), load(lanes, at + 56))
    store(lanes, at, plus(plus(a, c), plus(b, d)))
    s = lanes[at : at + 8]
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))

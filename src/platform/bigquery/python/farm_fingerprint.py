"""
FARM_FINGERPRINT as BigQuery has it: FarmHash's Fingerprint64 (that is, farmhashna::Hash64) as a signed 64-bit integer.
Pipelines split rows by it, so the numbers must be the same here as there.
"""

MASK = (1 << 64) - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def farm_fingerprint(text):
    if text is None:
        return None
    value = _hash(text.encode() if isinstance(text, str) else bytes(text))
    return value - (1 << 64) if value >> 63 else value


def _fetch64(s, at):
    return int.from_bytes(s[at : at + 8], "little")


def _fetch32(s, at):
    return int.from_bytes(s[at : at + 4], "little")


def _rotate(value, shift):
    return ((value >> shift) | (value << (64 - shift))) & MASK


def _mix(value):
    return value ^ (value >> 47)


def _pair(u, v, mul):
    a = _mix(((u ^ v) * mul) & MASK)
    return (_mix(((v ^ a) * mul) & MASK) * mul) & MASK


def _hash(s):
    size = len(s)
    if size <= 16:
        return _short(s, size)
    if size <= 32:
        return _to_32(s, size)
    if size <= 64:
        return _to_64(s, size)
    return _long(s, size)


def _short(s, size):
    if size >= 8:
        mul = (K2 + size * 2) & MASK
        a, b = (_fetch64(s, 0) + K2) & MASK, _fetch64(s, size - 8)
        c = (_rotate(b, 37) * mul + a) & MASK
        d = ((_rotate(a, 25) + b) * mul) & MASK
        return _pair(c, d, mul)
    if size >= 4:
        mul = (K2 + size * 2) & MASK
        return _pair((size + (_fetch32(s, 0) << 3)) & MASK, _fetch32(s, size - 4), mul)
    if size > 0:
        y = s[0] + (s[size >> 1] << 8)
        z = size + (s[size - 1] << 2)
        return (_mix(((y * K2) ^ (z * K0)) & MASK) * K2) & MASK
    return K2


def _to_32(s, size):
    mul = (K2 + size * 2) & MASK
    a, b = (_fetch64(s, 0) * K1) & MASK, _fetch64(s, 8)
    c, d = (_fetch64(s, size - 8) * mul) & MASK, (_fetch64(s, size - 16) * K2) & MASK
    u = (_rotate((a + b) & MASK, 43) + _rotate(c, 30) + d) & MASK
    return _pair(u, (a + _rotate((b + K2) & MASK, 18) + c) & MASK, mul)


def _to_64(s, size):
    mul = (K2 + size * 2) & MASK
    a, b = (_fetch64(s, 0) * K2) & MASK, _fetch64(s, 8)
    c, d = (_fetch64(s, size - 8) * mul) & MASK, (_fetch64(s, size - 16) * K2) & MASK
    y = (_rotate((a + b) & MASK, 43) + _rotate(c, 30) + d) & MASK
    z = _pair(y, (a + _rotate((b + K2) & MASK, 18) + c) & MASK, mul)
    e, f = (_fetch64(s, 16) * mul) & MASK, _fetch64(s, 24)
    g, h = ((y + _fetch64(s, size - 32)) * mul) & MASK, ((z + _fetch64(s, size - 24)) * mul) & MASK
    u = (_rotate((e + f) & MASK, 43) + _rotate(g, 30) + h) & MASK
    return _pair(u, (e + _rotate((f + a) & MASK, 18) + g) & MASK, mul)


def _weak(s, at, a, b):
    w, x, y, z = (_fetch64(s, at + offset) for offset in (0, 8, 16, 24))
    a = (a + w) & MASK
    b = _rotate((b + a + z) & MASK, 21)
    c = a
    a = (a + x + y) & MASK
    b = (b + _rotate(a, 44)) & MASK
    return (a + z) & MASK, (b + c) & MASK


def _long(s, size):
    seed = 81
    x = (seed * K2 + _fetch64(s, 0)) & MASK
    y = (seed * K1 + 113) & MASK
    z = (_mix((y * K2 + 113) & MASK) * K2) & MASK
    v, w = (0, 0), (0, 0)
    at, end = 0, ((size - 1) // 64) * 64
    while True:
        x = (_rotate((x + y + v[0] + _fetch64(s, at + 8)) & MASK, 37) * K1) & MASK
        y = (_rotate((y + v[1] + _fetch64(s, at + 48)) & MASK, 42) * K1) & MASK
        x ^= w[1]
        y = (y + v[0] + _fetch64(s, at + 40)) & MASK
        z = (_rotate((z + w[0]) & MASK, 33) * K1) & MASK
        v = _weak(s, at, (v[1] * K1) & MASK, (x + w[0]) & MASK)
        w = _weak(s, at + 32, (z + w[1]) & MASK, (y + _fetch64(s, at + 16)) & MASK)
        z, x = x, z
        at += 64
        if at == end:
            break
    mul = (K1 + ((z & 0xFF) << 1)) & MASK
    at = size - 64
    w = ((w[0] + ((size - 1) & 63)) & MASK, w[1])
    v = ((v[0] + w[0]) & MASK, v[1])
    w = ((w[0] + v[0]) & MASK, w[1])
    x = (_rotate((x + y + v[0] + _fetch64(s, at + 8)) & MASK, 37) * mul) & MASK
    y = (_rotate((y + v[1] + _fetch64(s, at + 48)) & MASK, 42) * mul) & MASK
    x ^= (w[1] * 9) & MASK
    y = (y + v[0] * 9 + _fetch64(s, at + 40)) & MASK
    z = (_rotate((z + w[0]) & MASK, 33) * mul) & MASK
    v = _weak(s, at, (v[1] * mul) & MASK, (x + w[0]) & MASK)
    w = _weak(s, at + 32, (z + w[1]) & MASK, (y + _fetch64(s, at + 16)) & MASK)
    z, x = x, z
    first = (_pair(v[0], w[0], mul) + _mix(y) * K0 + z) & MASK
    return _pair(first, (_pair(v[1], w[1], mul) + x) & MASK, mul)

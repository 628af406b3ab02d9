#!/usr/bin/env python3
"""Teaches: the wire between Skein nodes, in a language that is not JavaScript. See docs/wire.md.

    python3 examples/python/wire.py            checks every vector, both ways

Node IDs, session keys and MACs need nothing but hashlib and hmac. Python's standard library has neither ed25519 nor X25519: the
bytes that a hello signs are put together and compared, the signature itself is left to a library that has it, and the shared
secret of the exchange is taken from the vector.
"""
import base64
import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[2] / "tests/fixtures/wire-vectors.json"
HEAD = struct.Struct("<BBBBIddddIxxxx")
MESSAGE = struct.Struct("<BBxxIIIIId")


def pack(value):
    """The core of msgpack, always in its shortest form, with numbers as JavaScript has them."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**32:
        value = int(value)
    if isinstance(value, int) and -(2**31) <= value < 2**32:
        return pack_int(value)
    if isinstance(value, (int, float)):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        return pack_text(value.encode())
    if isinstance(value, bytes):
        return sized(len(value), value, ((1, 0xC4), (2, 0xC5), (4, 0xC6)))
    if isinstance(value, list):
        return counted(len(value), 0x90, 0xDC) + b"".join(map(pack, value))
    return counted(len(value), 0x80, 0xDE) + b"".join(pack(k) + pack(v) for k, v in value.items())


def pack_int(value):
    if -32 <= value < 128:
        return struct.pack("b", value) if value < 0 else bytes([value])
    forms = (("B", 0xCC), ("H", 0xCD), ("I", 0xCE)) if value >= 0 else (("b", 0xD0), ("h", 0xD1), ("i", 0xD2))
    for form, code in forms:
        try:
            return bytes([code]) + struct.pack(">" + form, value)
        except struct.error:
            continue
    raise ValueError(value)


def pack_text(text):
    if len(text) < 32:
        return bytes([0xA0 | len(text)]) + text
    return sized(len(text), text, ((1, 0xD9), (2, 0xDA), (4, 0xDB)))


def sized(size, content, forms):
    for width, code in forms:
        if size < 256**width:
            return bytes([code]) + size.to_bytes(width, "big") + content
    raise ValueError(size)


def counted(count, short, wide):
    if count < 16:
        return bytes([short | count])
    return bytes([wide]) + count.to_bytes(2, "big") if count < 65536 else bytes([wide + 1]) + count.to_bytes(4, "big")


SCALARS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}


def unpack(data, at=0):
    """One value, and where the next begins."""
    code, at = data[at], at + 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 256, at
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in SCALARS:
        form = struct.Struct(SCALARS[code])
        return form.unpack_from(data, at)[0], at + form.size
    if 0xA0 <= code < 0xC0:
        return data[at : at + (code & 31)].decode(), at + (code & 31)
    if 0xC4 <= code <= 0xC6 or 0xD9 <= code <= 0xDB:
        width = 1 << (code - (0xC4 if code < 0xD9 else 0xD9))
        size, at = int.from_bytes(data[at : at + width], "big"), at + width
        content = data[at : at + size]
        return (content if code < 0xD9 else content.decode()), at + size
    if code < 0xA0:
        count, is_map = code & 15, code < 0x90
    elif code >= 0xDC:
        width, is_map = 2 << (code & 1), code >= 0xDE
        count, at = int.from_bytes(data[at : at + width], "big"), at + width
    else:
        raise ValueError(f"code {code:#x} is not allowed")
    items = []
    for _ in range(count * 2 if is_map else count):
        item, at = unpack(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if is_map else items), at


def read_packet(data):
    mark, version, kind, flags, window, sender, to, seq, ack, age = HEAD.unpack_from(data)
    assert (mark, version) == (0x53, 2)
    numbers = {"from": sender, "to": to, "seq": seq, "ack": ack}
    return {"kind": kind, "flags": flags, "windowBytes": window, "ageMs": age, **{k: int(v) for k, v in numbers.items()}}


def write_packet(head, body):
    numbers = (float(head[name]) for name in ("from", "to", "seq", "ack"))
    return HEAD.pack(0x53, 2, head["kind"], head["flags"], head["windowBytes"], *numbers, head["ageMs"]) + body


def read_frame(data):
    """The messages of a frame, with names put in the place of their numbers."""
    names, messages, at = {0: None}, [], 0
    while at < len(data):
        kind, flags, size, target, kind_of, sender, ask, left_ms = MESSAGE.unpack_from(data, at)
        start = at + (64 if flags & 8 else 32)
        body = unpack(data, start)[0] if start < at + size else None
        if kind == 4:
            names[body[0]] = body[1]
        else:
            message = {"kind": kind, "ask": ask, "body": body}
            if kind == 1:
                message.update(target=names[target], type=names[kind_of], sender=names[sender])
            if flags & 4:
                message["leftMs"] = left_ms
            messages.append(message)
        at += (size + 7) & ~7
    return messages


SIGNATURE_BYTES, MAC_BYTES = 64, 16


def node_id(public_key):
    digest = hashlib.sha256(b"skein node id 1\0" + public_key).digest()
    return "n-" + base64.b32encode(digest[:5]).decode().lower()


def signed_bytes(packet, subject):
    """What the signature of a hello is over, on the subject that it was received on."""
    return b"skein hello 2\0" + subject.encode() + b"\0" + packet[:-SIGNATURE_BYTES]


def hkdf(secret, salt, info):
    """HKDF with SHA-256 (RFC 5869), 32 bytes."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")


def common_version(ends):
    """The highest that both speak."""
    version = min(end["wire"][1] for end in ends)
    assert version >= max(end["wire"][0] for end in ends), "no version in common"
    return version


def packet_key(shared, ends, receiver):
    """The key for packets to `receiver`, one of the two ends of a session."""
    version = common_version(ends)
    transcript = b"skein session %d\0" % version
    for end in sorted(ends, key=lambda end: end["id"]):
        name = f"{end['id']} {end['subject']}".encode() + b"\0"
        transcript += name + bytes.fromhex(end["publicKey"]) + bytes.fromhex(end["half"])
        transcript += b"%d %d\0" % tuple(end["wire"])
    info = b"skein packet %d to " % version + receiver["subject"].encode()
    return hkdf(shared, hashlib.sha256(transcript).digest(), info)


def seal(packet, key, number):
    numbered = packet + struct.pack("<d", number)
    return numbered + hmac.digest(key, numbered, "sha256")[:MAC_BYTES]


def unseal(sealed, key):
    numbered, mac = sealed[:-MAC_BYTES], sealed[-MAC_BYTES:]
    if not hmac.compare_digest(mac, hmac.digest(key, numbered, "sha256")[:MAC_BYTES]):
        raise ValueError("the packet is forged, or changed")
    return numbered[:-8], struct.unpack("<d", numbered[-8:])[0]


def check_encrypted(sealed, packet, number):
    """What can be read without AES, which the standard library has not: the head, the number, and that the rest is as long."""
    assert sealed[: HEAD.size] == packet[: HEAD.size] and sealed[HEAD.size : len(packet)] != packet[HEAD.size :]
    assert len(sealed) == len(packet) + 8 + MAC_BYTES
    assert struct.unpack_from("<d", sealed, len(packet))[0] == number


def check_authentic(vectors):
    for vector in vectors["nodes"]:
        assert node_id(bytes.fromhex(vector["publicKey"])) == vector["id"], vector
    for vector in vectors["hellos"]:
        packet = bytes.fromhex(vector["hex"])
        said = unpack(packet[HEAD.size : -SIGNATURE_BYTES])[0]
        assert node_id(said["key"]) == said["node"] and common_version([said, said]), vector
        assert {k: v.hex() if isinstance(v, bytes) else v for k, v in said.items()} == vector["said"], vector
        assert signed_bytes(packet, vector["subject"]).hex() == vector["signed"], vector
    for vector in vectors["sealed"]:
        key = packet_key(bytes.fromhex(vector["shared"]), vector["ends"], vector["ends"][1])
        assert key.hex() == vector["key"], vector
        sealed, packet = bytes.fromhex(vector["hex"]), bytes.fromhex(vector["packet"])
        if vector["version"] >= 4:
            check_encrypted(sealed, packet, vector["number"])
            continue
        assert unseal(sealed, key) == (packet, vector["number"]), vector
        assert seal(packet, key, vector["number"]) == sealed, vector
        for at in range(len(sealed)):
            changed = bytearray(sealed)
            changed[at] ^= 1
            try:
                unseal(bytes(changed), key)
            except ValueError:
                continue
            raise AssertionError(f"changed at {at} and taken")


def check_gossip(vector):
    """What members say of themselves and claim of others. The signature, the last 64 bytes, is over the domain and the rest."""
    message = bytes.fromhex(vector["message"])
    ping, end = unpack(message)
    assert end == len(message) and ping["kind"] == "ping" and pack(ping) == message, vector
    assert [said.hex() for said in ping["said"]] == [vector["self"]["hex"], vector["claim"]["hex"]], vector
    for statement, expected in zip(ping["said"], (vector["self"], vector["claim"])):
        body = statement[:-SIGNATURE_BYTES]
        said = unpack(body)[0]
        assert pack(said) == body, vector
        assert {k: v.hex() if isinstance(v, bytes) else v for k, v in said.items()} == expected["said"], vector
    assert bytes.fromhex(vector["domain"]) == b"skein member 1\0shop\0", vector


def main():
    vectors = json.loads(VECTORS.read_text())
    for vector in vectors["bodies"]:
        data = bytes.fromhex(vector["hex"])
        assert unpack(data) == (vector["value"], len(data)), vector
        assert pack(vector["value"]) == data, (vector, pack(vector["value"]).hex())
    for vector in vectors["packets"]:
        data = bytes.fromhex(vector["hex"])
        assert read_packet(data) == vector["head"], vector
        assert write_packet(vector["head"], data[HEAD.size :]) == data, vector
    for vector in vectors["frames"]:
        assert read_frame(bytes.fromhex(vector["hex"])) == vector["messages"], vector
    check_authentic(vectors)
    check_gossip(vectors["gossip"])
    counts = {name: len(vectors[name]) for name in ("bodies", "packets", "frames", "nodes", "hellos", "sealed")}
    print("all vectors are equal, both ways:", json.dumps(counts))


if __name__ == "__main__":
    sys.exit(main())

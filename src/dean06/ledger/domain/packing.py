"""Packing the readable part before it is locked: ciphertext does not shrink, and the evidence of an exchange repeats itself.

A packed text begins with the number of its dictionary; an unpacked one is JSON and begins with ``{``. What is committed to is the
text itself, so packing touches no commitment. A dictionary is never changed, only followed by another one.
"""

import zlib
from typing import Final

LEAST_BYTES: Final = 200
LARGEST_BYTES: Final = 64 * 1024 * 1024  # what is unpacked comes from behind our own key; this bounds a mistake
WINDOW_BITS: Final = -13  # raw deflate (RFC 1951); 8 KiB hold the dictionary and a usual text
MEMORY_LEVEL: Final = 7
LEVEL: Final = 2
NEWEST: Final = 1
DICTIONARIES: Final = {
    NEWEST: (
        b'{"actor":{"account":"system","acting_for":"","assurance":"urn:dean06:loa:2.2","posts":[],"unit":""},'
        b'"detail":{"dossier":"","fields":["personal_id","full_name","born_on","sex","status","permanent_resid'
        b'ence","household"],"code":"exchange."kind":"registry.residence_changed","legal_basis":"91/2025/QH15,'
        b' \xc4\x90i\xe1\xbb\x81u ","on_behalf_of":"","who":"C\xc3\xb4ng an ph\xc6\xb0\xe1\xbb\x9dng ","detail":{"agreement":'
        b'"","answer":{"base":"\\"@status\\": 200\\n\\"content-type\\": application/json\\n\\"content-digest\\": sha-2'
        b'56=::\\n\\"x-road-client\\": VN/COM/\\n\\"x-road-service\\": VN/GOV/\\n\\"x-road-id\\": VN-\\n\\"x-road-request'
        b'-id\\": \\n\\"x-road-request-hash\\": ==\\n\\"x-exchange-agreement\\": \\n\\"signature\\";req;key=\\"x1\\": :==:'
        b'\\n\\"signature-input\\";req;key=\\"x1\\": (\\"@method\\" \\"@path\\" \\"@query\\" \\"content-digest\\" \\"x-excha'
        b'nge-head\\" \\"x-road-client\\" \\"x-road-id\\" \\"x-road-request-id\\" \\"x-road-issue\\" \\"x-road-userid\\" '
        b'\\"x-exchange-purpose\\" \\"x-exchange-legal-basis\\");created=17;keyid=\\"\\";alg=\\"ecdsa-p256-sha256\\";n'
        b'once=\\"\\";tag=\\"x1\\"\\n\\"@signature-params\\": (\\"@status\\" \\"content-type\\" \\"content-digest\\" \\"x-ro'
        b'ad-client\\" \\"x-road-service\\" \\"x-road-id\\" \\"x-road-request-id\\" \\"x-road-request-hash\\" \\"x-excha'
        b'nge-agreement\\" \\"signature\\";req;key=\\"x1\\" \\"signature-input\\";req;key=\\"x1\\");created=17;keyid=\\"'
        b'\\";alg=\\"ecdsa-p256-sha256\\";tag=\\"x1\\"","key_id":"","signature":"x1=:==:"},"answer_digest":"sha-256'
        b'=:=:","client":"VN/COM/","message_id":"VN-","notify":"immediate","request":{"base":"\\"@method\\": POS'
        b'T\\n\\"@path\\": /x1/VN/GOV/G01/POPULATION/population/v1/persons/look-up\\n\\"@query\\": ?\\n\\"content-dige'
        b'st\\": sha-256=:=:\\n\\"x-exchange-head\\": sha-256=:=:\\n\\"x-road-client\\": VN/GOV/H49/SERVICES\\n\\"x-roa'
        b'd-id\\": VN-\\n\\"x-road-request-id\\": \\n\\"x-exchange-purpose\\": kyc\\n\\"@signature-params\\": (\\"@method'
        b'\\"","request_digest":"sha-256=:=:","request_hash":"==","service":"VN/GOV/G01/POPULATION/population",'
        b'"status":200,"transaction_id":""},"dossier":"","fields":[],"kind":"exchange.received","kind":"exchan'
        b'ge.answered","legal_basis":"","on_behalf_of":"","purpose":"kyc","version":1,"who":"'
    ),
}


def packed(text: bytes) -> bytes:
    """Return the text in the shorter of its two forms."""
    if len(text) < LEAST_BYTES:
        return text
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY_LEVEL, zdict=DICTIONARIES[NEWEST])
    short = bytes([NEWEST]) + packer.compress(text) + packer.flush()
    return short if len(short) < len(text) else text


def unpacked(stored: bytes) -> bytes:
    """Return the text of either form; nothing if it is neither."""
    if not stored or stored[0] not in DICTIONARIES:
        return stored
    opener = zlib.decompressobj(WINDOW_BITS, zdict=DICTIONARIES[stored[0]])
    try:
        text = opener.decompress(stored[1:], LARGEST_BYTES)
    except zlib.error:
        return b""
    return text if opener.eof else b""

"""What the firehose of a PDS says, as the JSON that Jetstream makes of it.

Source: the lexicon `com.atproto.sync.subscribeRepos` and the description of the public service (v1, `/subscribe`).
"""

import base64
from typing import Any

import libipld

CID_PREFIXES = (b"\x01\x55\x12\x20", b"\x01\x71\x12\x20")  # CIDv1, raw or DAG-CBOR, SHA-256
CID_BYTES = 36


def frame_events(frame: bytes) -> tuple[int | None, list[dict[str, Any]]]:
    """Return a frame's sequence number and its events, without their `time_us`.

    Raises:
        ValueError: the frame says that the subscription failed (a cursor of the future, a slow consumer).
    """
    header, body = libipld.decode_dag_cbor_multi(frame)
    if header["op"] != 1:
        message = f"the firehose says {body}"
        raise ValueError(message)
    kind = header["t"]
    events: list[dict[str, Any]] = []
    if kind == "#commit":
        events = _commits(body)
    elif kind in ("#identity", "#account"):
        events = [{"did": body["did"], "kind": kind[1:], kind[1:]: body}]
    return body.get("seq"), events


def _commits(body: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = libipld.decode_car(body["blocks"])[1] if body["blocks"] else {}
    events = []
    for op in body["ops"]:
        collection, rkey = op["path"].split("/")
        commit: dict[str, Any] = {
            "rev": body["rev"],
            "operation": op["action"],
            "collection": collection,
            "rkey": rkey,
        }
        if op["cid"] is not None:
            commit["record"] = _json(blocks[op["cid"]])
            commit["cid"] = libipld.encode_cid(op["cid"])
        events.append({"did": body["repo"], "kind": "commit", "commit": commit})
    return events


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_json(part) for part in value]
    if isinstance(value, bytes):  # the decoder gives links and bytes alike as bytes
        if len(value) == CID_BYTES and value.startswith(CID_PREFIXES):
            return {"$link": libipld.encode_cid(value)}
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    return value

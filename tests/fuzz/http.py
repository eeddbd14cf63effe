"""Heads of HTTP requests: what is let through asks for one page, for nothing else, and brings nothing."""

from bridge.protocols.http import END, refusal


def one(data: bytes) -> None:
    """Take a head without its end."""
    head = data.split(END)[0] + END
    if refusal(head) is not None:
        return
    line, *fields = head.removesuffix(END).split(b"\r\n")
    method, target, version = line.split(b" ")
    names = [field.partition(b":")[0].lower() for field in fields]
    assert method in {b"GET", b"HEAD"}
    assert target.startswith(b"/")
    assert version in {b"HTTP/1.0", b"HTTP/1.1"}
    assert b"transfer-encoding" not in names
    assert names.count(b"host") == 1 or version == b"HTTP/1.0"
    assert all(name and b" " not in name and b"\n" not in name for name in names)

"""Heads of HTTP requests: what is let through asks for one page, or brings so many bytes to one."""

from bridge.protocols.http import BODY_SIZE, END, Refusal, judge

POSTS = {"/render"}


def one(data: bytes) -> None:
    """Take a head without its end."""
    head = data.split(END)[0] + END
    follows = judge(head, POSTS)
    if isinstance(follows, Refusal):
        return
    line, *fields = head.removesuffix(END).split(b"\r\n")
    method, target, version = line.split(b" ")
    names = [field.partition(b":")[0].lower() for field in fields]
    assert method in {b"GET", b"HEAD"} or (method == b"POST" and target.split(b"?")[0] == b"/render")
    assert 0 <= follows <= (BODY_SIZE if method == b"POST" else 0)
    assert target.startswith(b"/")
    assert version in {b"HTTP/1.0", b"HTTP/1.1"}
    assert b"transfer-encoding" not in names
    assert names.count(b"host") == 1 or version == b"HTTP/1.0"
    assert all(name and b" " not in name and b"\n" not in name for name in names)

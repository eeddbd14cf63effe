"""Where the file of a series is, as carbon and graphite-web have it: `a.b.c` is `a/b/c.wsp`.

A series with tags is in `_tagged`, in folders by a digest of its name, with `_DOT_` for each dot.
"""

from hashlib import sha256

TAGGED = "_tagged"
SUFFIX = ".wsp"
DOT = "_DOT_"
LONGEST_WORD = 255 - len(SUFFIX)
"""Bytes of a file name, on every file system in use."""
LONGEST_PATH = 3000
"""Bytes below the store's own folder: Linux takes 4095 in all."""
MOST_WORDS = 100
"""Folders within each other, with the file: a tree that is deeper is nobody's wish."""

Words = tuple[str, ...]
"""The way from the top of the store to a file, without its suffix."""


def canonical(name: str) -> str:
    """What Graphite calls the series: tags in order, each once, no empty word; "" if it cannot have it."""
    if "/" in name or not name.isprintable():
        return ""
    if ";" not in name:
        return ".".join(filter(None, name.split(".")))
    metric, *pairs = name.split(";")
    tags = dict(pair.partition("=")[::2] for pair in pairs)
    sound = all(
        tag and value and value[0] != "~" and not set(tag) & {"!", "^"} for tag, value in tags.items()
    )
    tags.pop("name", None)
    metric = metric.lstrip("~")
    return (
        metric + "".join(sorted(f";{tag}={value}" for tag, value in tags.items())) if metric and sound else ""
    )


def words_of(name: str) -> Words:
    """Where the file of a series is."""
    if ";" not in name or name.startswith(f"{TAGGED}."):
        return tuple(name.split("."))
    digest = sha256(name.encode()).hexdigest()
    return TAGGED, digest[:3], digest[3:6], name.replace(".", DOT)


def name_of(words: Words) -> str:
    """The series of a file; its path, if the file does not tell, since the name of the series has `_DOT_`."""
    path = ".".join(words)
    if words[0] == TAGGED and len(words) == 4:
        name = words[3].replace(DOT, ".")
        return name if words_of(name) == words else path
    return path


def fits(words: Words) -> bool:
    """Whether file systems take such names, and people too."""
    sizes = [len(word.encode()) for word in words]
    whole = sum(sizes) + len(sizes)
    return max(sizes) <= LONGEST_WORD and whole <= LONGEST_PATH and len(words) <= MOST_WORDS

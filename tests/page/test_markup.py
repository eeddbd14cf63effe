"""Markup: whatever text comes in, only our elements and attributes come out."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bridge.page.markup import Html, element, escape, join

texts = st.text(st.characters(), max_size=60)


class Reader(HTMLParser):
    """What a browser would find."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("a comment", {"text": data}))

    def handle_decl(self, decl: str) -> None:
        self.tags.append((decl, {}))

    def unknown_decl(self, data: str) -> None:
        self.tags.append((data, {}))

    def handle_pi(self, data: str) -> None:
        self.tags.append((data, {}))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(texts, texts)
def test_text_and_attributes_cannot_become_markup(text: str, value: str) -> None:
    found = read(element("p", text, title=value))

    assert [tag for tag, _ in found.tags] == ["p"]
    assert set(found.tags[0][1]) <= {"title"}


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=60))
def test_what_can_be_seen_is_read_as_it_was(text: str) -> None:
    assert read(element("p", text)).text == text


@given(texts)
def test_what_cannot_be_seen_is_written_out(text: str) -> None:
    assert escape(text).isprintable()


def test_marks_that_turn_the_direction_of_writing_are_seen() -> None:
    assert escape("abc\u202etxt\0") == r"abc\u202etxt\x00"


def test_markup_is_not_escaped_again() -> None:
    inner = element("b", "1 < 2")

    assert element("p", inner, "&") == "<p><b>1 &lt; 2</b>&amp;</p>"
    assert isinstance(join(inner, inner), Html)


def test_attributes_are_named_as_in_html_and_left_out_where_there_is_nothing_to_say() -> None:
    made = element("input", class_="", aria_label="a", data_column="b", required=True, disabled=False)

    assert made == '<input aria-label="a" data-column="b" required>'

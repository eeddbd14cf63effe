"""Targets become trees, and every text becomes a tree or a QueryError."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.grammar import (
    DEEPEST,
    LONGEST,
    MOST_ARGUMENTS,
    MOST_PIPES,
    Call,
    Literal,
    Node,
    Path,
    Template,
    first_path,
    parse,
)


def written(node: Node) -> str:
    """A tree as a user would write it."""
    match node:
        case Literal(str(text)):
            return f'"{text}"'
        case Literal(value):
            return str(value).lower()
        case Path(text):
            return text
        case Template(body, values):
            return (
                f"template({', '.join([written(body), *_named({k: Literal(v) for k, v in values.items()})])})"
            )
        case Call(name, arguments, named):
            return f"{name}({', '.join([*map(written, arguments), *_named(named)])})"


def _named(arguments: Mapping[str, Node]) -> list[str]:
    return [f"{name}={written(node)}" for name, node in arguments.items()]


words = st.from_regex(r"[a-z*?$%:@~;_-][a-z0-9*?$%:@~;_-]{0,4}", fullmatch=True)
elements = st.one_of(words, st.lists(words, min_size=1, max_size=3).map(lambda some: f"{{{','.join(some)}}}"))
paths = st.lists(elements, min_size=2, max_size=4).map(".".join).map(Path)
functions = st.from_regex(r"[a-su-z][A-Za-z_]{0,5}", fullmatch=True)
texts = st.text(st.characters(codec="ascii", exclude_characters="\"'\\\n\r"), max_size=5)
literals = st.one_of(
    st.integers(-(10**9), 10**9).map(Literal),
    st.floats(allow_nan=False, allow_infinity=False, width=16).map(Literal),
    st.sampled_from((True, False, None, float("inf"))).map(Literal),
    texts.map(Literal),
)


def _calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    arguments = st.lists(st.one_of(inner, literals), max_size=3).map(tuple)
    return st.builds(Call, functions, arguments, st.dictionaries(functions, literals, max_size=2))


trees: st.SearchStrategy[Node] = st.recursive(paths, _calls, max_leaves=6)


@given(trees)
def test_a_tree_that_is_written_is_read_back(tree: Node) -> None:
    assert parse(written(tree)) == tree


@given(paths, st.dictionaries(functions, texts, max_size=3))
def test_a_template_that_is_written_is_read_back(path: Path, values: dict[str, str]) -> None:
    tree = Template(path, values)

    assert parse(written(tree)) == tree


@given(trees, functions, st.lists(literals, max_size=2))
def test_what_is_piped_is_the_first_argument(tree: Node, function: str, others: list[Node]) -> None:
    piped = f"{written(tree)} | {written(Call(function, tuple(others)))}"

    assert parse(piped) == Call(function, (tree, *others))


@given(
    st.one_of(
        st.text(),
        st.text("ab.*{},()|'\"\\=1e- \n$"),
        trees.map(written).flatmap(
            lambda text: st.integers(0, len(text)).map(lambda at: text[:at] + text[at + 1 :])
        ),
    )
)
def test_every_text_is_a_tree_or_a_fault(text: str) -> None:
    with suppress(QueryError):
        assert isinstance(parse(text), Call | Path | Template)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a.b", Path("a.b")),
        ("a.{b,c}d.*[0-9]?", Path("a.{b,c}d.*[0-9]?")),
        ("calls.active;pbx=hq", Path("calls.active;pbx=hq")),
        (r"a\.b\(c\)", Path("a.b(c)")),
        ("f(1,-2.5,1e3,12.a)", Call("f", (Literal(1), Literal(-2.5), Literal(1000.0), Path("12.a")))),
        ("f(True, none, INF)", Call("f", (Literal(True), Literal(None), Literal(float("inf"))))),
        ("f( a.b ,\n 'x' , n = 2 )", Call("f", (Path("a.b"), Literal("x")), {"n": Literal(2)})),
        ("true.a", Path("true.a")),
        (r"""f("a""b\d",'it"s')""", Call("f", (Literal(r'a""b\d'), Literal('it"s')))),
        ("template(f(a.$1,$n), 'x', 3)", Template(Call("f", (Path("a.$1"), Path("$n"))), {"1": "x", "2": 3})),
    ],
)
def test_what_a_text_means(text: str, meant: Node) -> None:
    assert parse(text) == meant


def test_a_call_remembers_how_it_was_written() -> None:
    tree = parse("sum( seriesByTag('a=b',  'c=d') )")

    assert isinstance(tree, Call)
    (inner,) = tree.arguments
    assert isinstance(inner, Call)
    assert inner.raw == "seriesByTag('a=b',  'c=d')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a path or a function is missing, at character 1 of "),
        ("sum(a.b", "a comma or a closing bracket is missing, at character 8 of sum(a.b"),
        ("sum(a.b))", "it should end here, at character 9 of sum(a.b))"),
        ("a..b", "it should end here, at character 2 of a..b"),
        ("a.{b", "it should end here, at character 2 of a.{b"),
        ("f(a,)", "this is neither path nor function, at character 5 of f(a,)"),
        (
            "f(n=1, a.b)",
            "an argument without a name cannot follow one with a name, at character 8 of f(n=1, a.b)",
        ),
        ("a|b", "a function should follow the |, at character 3 of a|b"),
        ("template(a.$n, n=b.c)", "template() takes only numbers and texts between quotes"),
        ("template(1)", "template() should begin with a path or a function"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LONGEST + 1),
        "f(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1),
        "a" + "|f()" * (MOST_PIPES + 1),
        f"f({','.join('a' * (MOST_ARGUMENTS + 1))})",
        "f(" * 5000,
        "template(" * 1500,
    ],
    ids=["length", "depth", "pipes", "arguments", "brackets", "templates"],
)
def test_what_is_too_much_is_a_fault(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("scale(a.b,2)", "a.b"),
        ('movingAverage(sumSeries(a.*,b.c),"5min")', "a.*"),
        ("Calls (total)", "total"),
        ("a.b and more)", "a.b"),
        ("f(1)", None),
        ("(x)", None),
    ],
)
def test_the_path_in_a_name(name: str, path: str | None) -> None:
    assert first_path(name) == path

"""Clojure's forms, read from text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.storm.clojure import Form, read_forms
from pykafka.storm.exceptions import TopologyError


def _plain(form: Form) -> Any:
    """A form as (kind, value) all the way down."""
    if form.kind in ("list", "vector"):
        return form.kind, [_plain(each) for each in form.value]
    if form.kind == "map":
        return "map", [(_plain(key), _plain(value)) for key, value in form.value]
    return form.kind, form.value


def _read(text: str) -> list[Any]:
    return [_plain(form) for form in read_forms(text, "x.clj")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ,\n; only a comment", []),
        ("()", [("list", [])]),
        ("[1 2]", [("vector", [("number", 1), ("number", 2)])]),
        ("[1,2,,]", [("vector", [("number", 1), ("number", 2)])]),
        ('{"a" :b}', [("map", [(("string", "a"), ("keyword", "b"))])]),
        ("nil true false", [("nil", None), ("boolean", True), ("boolean", False)]),
        ("nil? truely", [("symbol", "nil?"), ("symbol", "truely")]),
        (
            ":local-or-shuffle :a/b :a.b",
            [("keyword", k) for k in ("local-or-shuffle", "a/b", "a.b")],
        ),
        ("a.b/c-d + - -> a' a#", [("symbol", s) for s in ("a.b/c-d", "+", "-", "->", "a'", "a#")]),
        (r'"a\tb\n\r\f\b\\\"\u00e9\101"', [("string", 'a\tb\n\r\f\b\\"\u00e9A')]),
        (r'"\ud83d\ude00"', [("string", "\U0001f600")]),
        ('"two\nlines; no comment"', [("string", "two\nlines; no comment")]),
        ("1 -2 +3 10N", [("number", n) for n in (1, -2, 3, 10)]),
        ("0x1F -0xff 017 2r101 36rZ 0", [("number", n) for n in (31, -255, 15, 5, 35, 0)]),
        ("1.5 -2e3 1.5M 3. 1E-2", [("number", n) for n in (1.5, -2000.0, 1.5, 3.0, 0.01)]),
        ("1 #_ 2 3", [("number", 1), ("number", 3)]),
        ("#_ #_ 1 2 3", [("number", 3)]),
        ("[1 #_{:a [2]}]", [("vector", [("number", 1)])]),
        (
            "{1 2 1.0 3}",
            [("map", [(("number", 1), ("number", 2)), (("number", 1.0), ("number", 3))])],
        ),
        ("[1 ; ]\n]", [("vector", [("number", 1)])]),
    ],
)
def test_forms(text: str, expected: list[Any]) -> None:
    assert _read(text) == expected


def test_forms_know_their_place() -> None:
    (form,) = read_forms('; x\n  [1\n   "two"]', "x.clj")
    one, two = form.value
    assert [(each.line, each.column) for each in (form, one, two)] == [(2, 3), (2, 4), (3, 4)]


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("\n (1 [2)", "2:7", "')' closes nothing; ']' was expected"),
        ("(1", "1:1", "'(' is never closed"),
        ("1\n  ]", "2:3", "']' closes nothing"),
        ('  "abc', "1:3", "the string is never closed"),
        (r'"ab\q"', "1:4", r"\q is no escape"),
        (r'"\u12"', "1:2", r"\u is no escape"),
        (r'"\ud83d"', "1:1", "half a character"),
        ("{:a}", "1:1", "a value for each key"),
        ("{:a 1\n :a 2}", "2:2", "the key :a is there twice"),
        ("'a", "1:1", "a quote (')"),
        ("`a", "1:1", "a syntax quote"),
        ("~a", "1:1", "an unquote"),
        ("@a", "1:1", "a deref"),
        ("^:a b", "1:1", "metadata"),
        (r"\a", "1:1", "a character"),
        ("#{1}", "1:1", "a reader macro"),
        ('#"x"', "1:1", "a reader macro"),
        ("[#_]", "1:2", "#_ discards the next form, and there is none"),
        ("#_", "1:1", "#_ discards the next form, and there is none"),
        ("1/2", "1:1", "1/2 is no number"),
        ("12a", "1:1", "12a is no number"),
        ("09", "1:1", "09 is no number"),
        ("2r12", "1:1", "2r12 is no number"),
        ("99r1", "1:1", "99r1 is no number"),
        ("::a", "1:1", "::a is no keyword"),
        (":", "1:1", ": is no keyword"),
        ("a\u20ac", "1:1", "is nothing that is read here"),
        ("[" * 101, "1:101", "more than 100"),
        ("#_ " * 101, "1:301", "more than 100"),
    ],
)
def test_what_is_not_read_is_told_with_its_place(text: str, place: str, why: str) -> None:
    with pytest.raises(TopologyError) as caught:
        read_forms(text, "x.clj")
    assert str(caught.value).startswith(f"x.clj:{place}: ")
    assert why in str(caught.value)


def _read_or_refused(text: str) -> list[Any] | str:
    try:
        return _read(text)
    except TopologyError as error:
        return str(error)


def test_cut_off_anywhere_it_is_an_error_or_fewer_forms() -> None:
    text = '(ns a (:use [b.c]))\n(def d [{"e" (f "g\\n" {:h 1.5} :i)} {}])'
    for length in range(len(text)):
        found = _read_or_refused(text[:length])
        assert len(found) <= 2 or str(found).startswith("x.clj:")


@given(st.text(alphabet="()[]{}\"\\;#_:, \n'`~@^ab1-./tnu0e\u00e9", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = _read_or_refused(text)
    assert isinstance(found, list) or found.startswith("x.clj:")


_NAMES = st.from_regex(r"[a-z][a-z0-9*!?<>=.-]{0,8}", fullmatch=True)
_ATOMS = st.one_of(
    st.builds(lambda value: Form("number", value), st.integers()),
    st.builds(
        lambda value: Form("number", value), st.floats(allow_nan=False, allow_infinity=False)
    ),
    st.builds(
        lambda value: Form("string", value),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    ),
    st.builds(lambda value: Form("keyword", value), _NAMES),
    st.builds(
        lambda value: Form("symbol", value),
        _NAMES.filter(lambda name: name not in ("true", "false", "nil")),
    ),
    st.sampled_from([Form("boolean", True), Form("boolean", False), Form("nil", None)]),
    st.sampled_from([Form("list", ()), Form("vector", ()), Form("map", ())]),
)
_FORMS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds(
            lambda value: Form("list", tuple(value)), st.lists(inner, min_size=1, max_size=4)
        ),
        st.builds(
            lambda value: Form("vector", tuple(value)), st.lists(inner, min_size=1, max_size=4)
        ),
        st.builds(
            lambda value: Form("map", tuple(value)),
            st.lists(
                st.tuples(inner, inner), min_size=1, max_size=3, unique_by=lambda pair: str(pair[0])
            ),
        ),
    ),
    max_leaves=8,
)


@given(st.lists(_FORMS, max_size=4), st.sampled_from([" ", "\n", ",", " ; c\n", " #_ [x] "]))
def test_forms_that_are_written_are_read_again(forms: list[Form], space: str) -> None:
    text = space.join(map(str, forms))
    assert _read(text) == [_plain(form) for form in forms]

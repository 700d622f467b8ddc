"""Addresses as people write them."""

from __future__ import annotations

import pytest

from pykafka.exceptions import InvalidOptionError
from pykafka.net.address import Address, parse_hosts, parse_source_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:1", [("a", 1)]),
        (b"a:1,b:2", [("a", 1), ("b", 2)]),
        (" a:1 , b:2 ,", [("a", 1), ("b", 2)]),
        ("a", [("a", 9092)]),
        ("a:1,a:1", [("a", 1)]),
        ("[::1]:5", [("::1", 5)]),
        ("[::1]", [("::1", 9092)]),
        ("::1", [("::1", 9092)]),
        ("fe80::1:2", [("fe80::1:2", 9092)]),
        ("a:1/chroot", [("a", 1)]),
        ("kafka-1.example.org:9093", [("kafka-1.example.org", 9093)]),
    ],
)
def test_a_list_of_hosts(text, expected):
    assert parse_hosts(text) == [Address(*address) for address in expected]


@pytest.mark.parametrize("text", ["", ",", "a:b", "a:0", "a:65536", "[::1", "a:1:b", "PLAIN://a:1"])
def test_what_is_no_list_of_hosts_is_named(text):
    with pytest.raises(InvalidOptionError, match="option hosts"):
        parse_hosts(text)


def test_an_address_is_written_as_it_is_read():
    assert str(Address("::1", 5)) == "[::1]:5"
    assert parse_hosts(str(Address("::1", 5))) == [Address("::1", 5)]


def test_a_source_address_needs_no_port():
    assert parse_source_address("") is None
    assert parse_source_address("127.0.0.1") == ("127.0.0.1", 0)
    assert parse_source_address(b"127.0.0.1:99") == ("127.0.0.1", 99)

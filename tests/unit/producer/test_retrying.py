"""Which refusals of a batch are worth another try."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

import pytest

from pykafka.core.producing import Batch, Lane, SendOptions, is_worth_halving, is_worth_retrying
from pykafka.message import Message
from pykafka.wire.errors import error_info

OPTIONS = SendOptions("t", 0, 1, 1000, 3, 1000, 10.0)


def batch(attempts: int = 1, messages: int = 2) -> Batch:
    made = Batch([Message(b"x")] * messages, 70, deadline=5.0)
    made.attempts = attempts
    return made


@pytest.mark.parametrize("code", [-1, 3, 5, 6, 7, 19, 20])
def test_what_may_pass_is_tried_again_within_tries_and_time(code: int) -> None:
    info = error_info(code)
    assert is_worth_retrying(info, batch(attempts=3), OPTIONS, now=4.0)
    assert not is_worth_retrying(info, batch(attempts=4), OPTIONS, now=4.0)
    assert not is_worth_retrying(info, batch(), OPTIONS, now=5.0)


@pytest.mark.parametrize("code", [10, 17, 21, 29])
def test_what_cannot_pass_is_not(code: int) -> None:
    assert not is_worth_retrying(error_info(code), batch(), OPTIONS, now=0.0)


def test_only_a_batch_of_several_can_be_halved() -> None:
    assert is_worth_halving(error_info(10), batch())
    assert is_worth_halving(error_info(18), batch())
    assert not is_worth_halving(error_info(10), batch(messages=1))
    assert not is_worth_halving(error_info(2), batch())


class Shrinking(deque[Message]):
    """A queue out of which another thread takes a message between two looks."""

    def __len__(self) -> int:
        return super().__len__() + 1


def test_a_message_that_is_taken_back_while_a_batch_is_made_strands_no_other() -> None:
    lane = Lane(SimpleNamespace(id=0), codec=0, wake_step=1000)
    lane.queue = Shrinking([Message(b"one"), Message(b"two")])
    made = lane.next_batch(1000, now=1.0, lifetime_s=10.0)
    assert made is not None
    assert [message.value for message in made.messages] == [b"one", b"two"]
    lane.settle()
    assert lane.next_batch(1000, now=1.0, lifetime_s=10.0) is None

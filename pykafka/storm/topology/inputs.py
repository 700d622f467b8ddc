"""What a bolt reads, in each of the forms in which that can be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .streams import DEFAULT_STREAM, GlobalStreamId, Grouping

__all__ = ["Inputs", "inputs_of", "is_component_class", "source_of"]

Inputs = dict[GlobalStreamId, Grouping]


def is_component_class(value: Any) -> bool:
    """Whether it is a class of components: one that has ``spec``."""
    return isinstance(value, type) and callable(getattr(value, "spec", None))


def source_of(source: Any) -> GlobalStreamId:
    """The stream that ``source`` stands for.

    :param source: a :class:`GlobalStreamId`; a spec, a component's class or its name, each for
        its default stream; or a tuple of one of these and the name of a stream.
    :raises TypeError: it is something else.
    """
    if isinstance(source, GlobalStreamId):
        return source
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[1], str):
        component, stream = source
    else:
        component, stream = source, DEFAULT_STREAM
    if not (isinstance(component, str) or is_component_class(component) or _is_spec(component)):
        raise TypeError(
            "an input must be a spec, a GlobalStreamId, the name or the class of a component, or "
            f"a tuple of one of these and the name of a stream; given: {source!r}"
        )
    return GlobalStreamId(component, stream)


def inputs_of(inputs: Any) -> Inputs:
    """A bolt's ``inputs`` as one dictionary, in the order given. The caller's is not touched.

    :param inputs: a dictionary of sources (:func:`source_of`) to groupings; a list or tuple of
        sources, or one source, each shuffled, or direct if the stream is known to be; or None.
    :raises TypeError: it is something else.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        for source, grouping in inputs.items():
            if not isinstance(grouping, Grouping):
                raise TypeError(
                    "inputs must map sources to Grouping objects, such as Grouping.SHUFFLE or "
                    f'Grouping.fields("word"); given: {grouping!r} for {source!r}'
                )
        return {source_of(source): grouping for source, grouping in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        sources = [source_of(source) for source in inputs]
    elif isinstance(inputs, GlobalStreamId) or _is_spec(inputs):
        sources = [source_of(inputs)]
    else:
        raise TypeError(f"inputs must be a dict, a list, a spec or None; given: {inputs!r}")
    return {source: default_grouping(source) for source in sources}


def default_grouping(source: GlobalStreamId) -> Grouping:
    """What a bolt gets that says nothing. Only a spec tells of its streams before there is a
    topology; of other sources a direct stream has to be asked for."""
    if _is_spec(source.componentId):
        for stream in source.componentId.outputs:
            if stream.name == source.streamId and stream.direct:
                return Grouping.DIRECT
    return Grouping.SHUFFLE


def _is_spec(value: Any) -> bool:
    from .specs import ComponentSpec

    return isinstance(value, ComponentSpec)

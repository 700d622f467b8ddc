"""What Nimbus tells of a cluster and its topologies, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

__all__ = [
    "WINDOWS",
    "Cluster",
    "ComponentPage",
    "ComponentReport",
    "ExecutorCounts",
    "ExecutorReport",
    "Failure",
    "NimbusState",
    "StreamReport",
    "SupervisorState",
    "TopologyReport",
    "TopologyState",
    "WorkerState",
    "cluster_from",
    "component_page_from",
    "failures_from",
    "topology_report_from",
    "worker_from",
]

Kind = Literal["spout", "bolt"]
#: ``ComponentType.SPOUT``.
_SPOUT = 2
#: Seconds: whoever has told of itself that long after its start does not do so for the first time.
_SURELY_REPORTED = 30
#: The periods that Storm counts over: the last 10 minutes, 3 hours, 1 day, and since the start.
WINDOWS = ("600", "10800", "86400", ":all-time")


@dataclass(frozen=True)
class NimbusState:
    """One Nimbus of a cluster."""

    host: str
    port: int
    leads: bool
    #: Of Storm, for example ``"2.8.3"``.
    version: str
    #: Seconds since its start.
    uptime: int


@dataclass(frozen=True)
class SupervisorState:
    """One supervisor."""

    id: str
    host: str
    #: How many workers it may have, and has.
    slots: int
    used_slots: int
    version: str | None
    #: Seconds since its start.
    uptime: int


@dataclass(frozen=True)
class TopologyState:
    """One topology that the cluster has."""

    #: As in log files: ``"name-1-1700000000"``.
    id: str
    name: str
    #: ``"ACTIVE"``, ``"INACTIVE"``, ``"REBALANCING"`` or ``"KILLED"``.
    status: str
    tasks: int
    executors: int
    workers: int
    #: Seconds since it was submitted.
    uptime: int
    #: What the scheduler has to say, for example why there is no worker.
    scheduling: str | None
    owner: str | None
    #: How many Nimbus have its code.
    replication: int | None


@dataclass(frozen=True)
class Cluster:
    """A cluster at one moment."""

    nimbuses: Sequence[NimbusState]
    supervisors: Sequence[SupervisorState]
    topologies: Sequence[TopologyState]

    @property
    def version(self) -> str:
        """The version of Storm that its leader runs (while there is none, that of any Nimbus)."""
        ordered = sorted(self.nimbuses, key=lambda nimbus: not nimbus.leads)
        return ordered[0].version if ordered else ""

    def topology(self, name: str) -> TopologyState | None:
        """The topology of that name."""
        return next((each for each in self.topologies if each.name == name), None)


@dataclass(frozen=True)
class Failure:
    """An error that a component reported, or that ended a worker."""

    component: str
    #: Seconds since the epoch.
    time: int
    #: Where it happened: host and the worker's port.
    host: str | None
    port: int | None
    #: With the trace of the program that failed.
    text: str


@dataclass(frozen=True)
class WorkerState:
    """One worker, as it is assigned; it may still be starting."""

    supervisor_id: str
    host: str
    port: int
    topology_id: str
    topology: str
    executors: int
    #: Tasks by component.
    tasks: Mapping[str, int]
    #: Seconds since its start.
    uptime: int


@dataclass(frozen=True)
class ExecutorReport:
    """One thread of a worker with its tasks."""

    component: str
    #: The first and the last of its tasks.
    tasks: tuple[int, int]
    host: str
    port: int
    #: Seconds since its start, when it last told of itself; 0 while it has not started.
    uptime: int
    #: Whether its thread has begun, which a component's process may yet have to.
    started: bool
    #: Whether it has told its counts yet; it does so once a minute
    #: (``executor.metrics.frequency.secs``).
    reported: bool


@dataclass(frozen=True)
class ComponentReport:
    """What one component of a topology did in a period.

    Counts are None where Storm has none. They are estimates: Storm counts every 20th tuple.
    """

    id: str
    kind: Kind
    executors: int
    tasks: int
    emitted: int | None
    transferred: int | None
    acked: int | None
    failed: int | None
    #: Of a bolt: how many tuples it got, and which part of the time it worked (0 to 1).
    executed: int | None
    capacity: float | None
    #: Milliseconds. Of a spout: from emit to ack. Of a bolt: until ``process`` returns and
    #: until the tuple is acked.
    complete_ms: float | None
    execute_ms: float | None
    process_ms: float | None
    #: What it failed with last.
    last_failure: Failure | None


@dataclass(frozen=True)
class StreamReport:
    """What a component did with a stream: one that it reads, or (``source`` None) emits.

    ``counts`` has no numbers of executors and tasks.
    """

    source: str | None
    stream: str
    counts: ComponentReport


@dataclass(frozen=True)
class ExecutorCounts:
    """What one executor of a component did. ``counts`` has no numbers of executors and tasks."""

    executor: ExecutorReport
    counts: ComponentReport


class ComponentPage(NamedTuple):
    """What one component did in a period.

    :ivar whole: all of it.
    :ivar streams: each stream that it reads, then each that it emits.
    :ivar executors: each of its threads, by task.
    :ivar failures: what it failed with, the oldest first.
    """

    whole: ComponentReport
    streams: Sequence[StreamReport]
    executors: Sequence[ExecutorCounts]
    failures: Sequence[Failure]


@dataclass(frozen=True)
class TopologyReport:
    """A topology and what it did in a period.

    With ``reported`` false no worker has told its counts yet, and all of them are 0: that takes
    up to a minute from the start, and after each rebalance.
    """

    topology: TopologyState
    window: str
    reported: bool
    components: Sequence[ComponentReport]
    executors: Sequence[ExecutorReport]
    workers: Sequence[WorkerState]


def cluster_from(summary: Any) -> Cluster:
    """From a ``ClusterSummary``."""
    return Cluster(
        tuple(
            NimbusState(each.host, each.port, each.isLeader, each.version, each.uptime_secs)
            for each in summary.nimbuses
        ),
        tuple(
            SupervisorState(
                each.supervisor_id,
                each.host,
                each.num_workers,
                each.num_used_workers,
                each.version,
                each.uptime_secs,
            )
            for each in summary.supervisors
        ),
        tuple(
            TopologyState(
                each.id,
                each.name,
                each.status,
                each.num_tasks,
                each.num_executors,
                each.num_workers,
                each.uptime_secs,
                each.sched_status,
                each.owner,
                each.replication_count,
            )
            for each in summary.topologies
        ),
    )


def failures_from(info: Any) -> list[Failure]:
    """From a ``TopologyInfo``: the oldest first."""
    failures = [
        _failure(component, error)
        for component, errors in (info.errors or {}).items()
        for error in errors
    ]
    return _in_order(failures)


def topology_report_from(
    topology: TopologyState, window: str, info: Any, page: Any
) -> TopologyReport:
    """From a ``TopologyInfo`` and a ``TopologyPageInfo``."""
    executors = tuple(_executor(each) for each in info.executors)
    kinds: tuple[tuple[Kind, Any], ...] = (
        ("spout", page.id_to_spout_agg_stats),
        ("bolt", page.id_to_bolt_agg_stats),
    )
    # Storm's own figure is of those that have reported.
    threads = Counter(executor.component for executor in executors)
    components = [
        replace(_component(name, kind, stats), executors=threads[name])
        for kind, found in kinds
        for name, stats in sorted((found or {}).items())
    ]
    return TopologyReport(
        topology,
        window,
        any(executor.reported for executor in executors),
        tuple(components),
        executors,
        tuple(worker_from(worker) for worker in page.workers or ()),
    )


def component_page_from(page: Any, window: str) -> ComponentPage:
    """From a ``ComponentPageInfo``."""
    name = page.component_id
    kind: Kind = "spout" if page.component_type == _SPOUT else "bolt"
    whole = _component(name, kind, (page.window_to_stats or {}).get(window))
    read = [
        StreamReport(source.componentId, source.streamId, _component(name, kind, stats))
        for source, stats in (page.gsid_to_input_stats or {}).items()
    ]
    emitted = [
        StreamReport(None, stream, _component(name, kind, stats))
        for stream, stats in (page.sid_to_output_stats or {}).items()
    ]
    executors = [
        ExecutorCounts(_executor(each.exec_summary), _component(name, kind, each.stats))
        for each in page.exec_stats or ()
    ]
    return ComponentPage(
        replace(whole, executors=page.num_executors or 0, tasks=page.num_tasks or 0),
        [*read, *emitted],
        sorted(executors, key=lambda each: each.executor.tasks),
        _in_order([_failure(name, error) for error in page.errors or ()]),
    )


def worker_from(summary: Any) -> WorkerState:
    """From a ``WorkerSummary``."""
    return WorkerState(
        summary.supervisor_id or "",
        summary.host or "",
        summary.port or 0,
        summary.topology_id or "",
        summary.topology_name or "",
        summary.num_executors or 0,
        dict(summary.component_to_num_tasks or {}),
        summary.uptime_secs or 0,
    )


def _failure(component: str, error: Any) -> Failure:
    return Failure(component, error.error_time_secs, error.host, error.port, error.error)


def _in_order(failures: Sequence[Failure]) -> list[Failure]:
    return sorted(failures, key=lambda failure: failure.time)


def _component(name: str, kind: Kind, stats: Any) -> ComponentReport:
    """From a ``ComponentAggregateStats``, or None where there is none."""
    common = stats and stats.common_stats
    specific = stats and stats.specific_stats
    spout, bolt = specific and specific.spout, specific and specific.bolt
    failure = stats and stats.last_error
    return ComponentReport(
        id=name,
        kind=kind,
        executors=(common and common.num_executors) or 0,
        tasks=(common and common.num_tasks) or 0,
        emitted=common and common.emitted,
        transferred=common and common.transferred,
        acked=common and common.acked,
        failed=common and common.failed,
        executed=bolt and bolt.executed,
        capacity=bolt and bolt.capacity,
        complete_ms=spout and spout.complete_latency_ms,
        execute_ms=bolt and bolt.execute_latency_ms,
        process_ms=bolt and bolt.process_latency_ms,
        last_failure=_failure(name, failure) if failure else None,
    )


def _executor(summary: Any) -> ExecutorReport:
    tasks = summary.executor_info
    return ExecutorReport(
        summary.component_id,
        (tasks.task_start, tasks.task_end),
        summary.host,
        summary.port,
        summary.uptime_secs,
        summary.stats is not None or summary.uptime_secs > 0,
        _has_reported(summary),
    )


def _has_reported(summary: Any) -> bool:
    """Whether it has counted anything. When it starts it reports, too, that it has nothing."""
    if summary.stats is None:
        return False
    specific = summary.stats.specific
    counts = [
        summary.stats.emitted,
        specific.bolt.executed if specific.bolt else specific.spout.acked,
    ]
    counted = any(by_stream for each in counts for by_stream in each.values())
    return counted or summary.uptime_secs >= _SURELY_REPORTED

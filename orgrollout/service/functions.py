"""What the functions of the service do. Each opens the journal, does one thing, and tells of it.

All that is remembered between two calls is in the journal or in the input of an execution, so that
a function may end at any moment. What goes wrong is raised: Step Functions and Amazon SQS try
again, and an alarm tells of what keeps going wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orgrollout import api
from orgrollout.aws.buckets import Bucket
from orgrollout.aws.executions import Executions
from orgrollout.aws.transport.clock import Clock
from orgrollout.errors import OrgRolloutError, PassingError
from orgrollout.journal.errors import JournalBusyError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, RolloutId
from orgrollout.model.logs import about, log_of
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.service.drift import LookFailedError, drift_step, repair
from orgrollout.service.driving import advance, needs_an_execution, to_look_at
from orgrollout.service.jobs import Job, Kind, ensure_execution
from orgrollout.service.looking import look_at
from orgrollout.service.manifests import UploadUnderWayError, loaded_manifest, manifest_names
from orgrollout.service.messages import Event, operations_of
from orgrollout.service.settings import Settings
from orgrollout.service.tampering import note_looks, places_due

if TYPE_CHECKING:
    from orgrollout.api import AwsSession

Answer = dict[str, Any]
_LOG = log_of(__name__)
_PASSING = (JournalBusyError, PassingError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """What a handler works with."""

    settings: Settings
    client: api.Client
    executions: Executions
    bucket: Bucket


@dataclass(slots=True, kw_only=True)
class Functions:
    """The functions, in the places that their variables name.

    ``clock`` and ``session`` are for simulated time.
    """

    environment: Mapping[str, str]
    clock: Clock | None = None
    session: "AwsSession | None" = None
    _open: _House | None = None

    def tick(self, event: Event, _context: object = None) -> Answer:
        """Do one step of an execution, and return its next input, or that it is over."""
        job = Job.read(event)
        with self._house() as house, about(rollout=job.name if job.kind is Kind.ROLLOUT else None):
            if job.kind is Kind.ROLLOUT:
                step = advance(house.client, job.name, house.executions)
            else:
                with self._manifest(house, job.name) as (loaded, there):
                    step = drift_step(loaded, there.client, there.executions, job)
        _LOG.info("%s %s: %s", job.kind.value, job.name, step.said)
        return {
            "job": job.kind.value,
            "name": job.name,
            "number": int(event["number"]),
            "ticks": int(event["ticks"]) + 1,
            "progress": step.progress,
            "wait": step.seconds,
            "over": step.wait is None,
            "said": step.said,
        }

    def start(self, event: Event, _context: object = None) -> Answer:
        """Start an execution for a job, unless one runs; `after` is one that is about to end."""
        job = Job.read(event)
        after = event.get("after")
        with self._house() as house:
            if job.kind is Kind.ROLLOUT:
                load_rollout(house.client.context.journal, RolloutId(job.name))  # or it is unknown
            journal = house.client.context.journal
            started = ensure_execution(
                job, journal, house.executions, after=None if after is None else int(after)
            )
        return {"job": job.kind.value, "name": job.name, "started": started}

    def reconcile(self, _event: Event, _context: object = None) -> Answer:
        """Start an execution for every rollout that would go on and that none drives.

        Raises:
            OrgRolloutError: The first failure, after all the others were started.
        """
        started: list[str | None] = []
        failed: OrgRolloutError | None = None
        with self._house() as house:
            journal, now = house.client.context.journal, house.client.context.clock.now()
            for name in to_look_at(journal, now):
                try:
                    if needs_an_execution(load_rollout(journal, name), now):
                        job = Job(kind=Kind.ROLLOUT, name=name)
                        started.append(ensure_execution(job, journal, house.executions))
                except OrgRolloutError as error:
                    _LOG.error("rollout %s: %s", name, error, extra={"rollout": name})
                    failed = failed or error
            if failed is not None:
                raise failed
        return {"started": [name for name in started if name]}

    def drift(self, _event: Event, _context: object = None) -> Answer:
        """Start an execution that looks for drift, for every manifest of the bucket."""
        with self._house() as house:
            journal = house.client.context.journal
            jobs = [Job(kind=Kind.DRIFT, name=name) for name in manifest_names(house.bucket)]
            started = [ensure_execution(job, journal, house.executions) for job in jobs]
        return {"started": [name for name in started if name]}

    def look(self, event: Event, _context: object = None) -> Answer:
        """Look again, at all manifests, or at the rollouts whose operations events tell of.

        ``event`` is a batch of messages of Amazon SQS, or comes from a schedule. What it says
        besides is not relied on.
        """
        rollouts, others = operations_of(event)
        with self._house() as house:
            for name in sorted(rollouts):
                self._driven_on(house, name)
            looked = (
                self._all_manifests(house, self._look) if others or not event.get("Records") else {}
            )
        return {"looked": looked, "driven": sorted(rollouts)}

    def tampered(self, event: Event, _context: object = None) -> Answer:
        """Look at once at the accounts and Regions that tamper events tell of, and repair there.

        Raises:
            OrgRolloutError: The first failure that goes away by itself, after all manifests were
                tried: the message comes again.
        """
        with self._house() as house:
            due = places_due(event, house.client)
            said = self._at(house, due) if due else {}
            note_looks(due, house.client)
        return {"looked": sorted(map(str, due)), "said": said}

    def _at(self, house: _House, places: Mapping[Pair, int]) -> dict[str, str]:
        """Look at places, after so many events each, for every manifest.

        One that is wrong in itself is told of at every look of `look`, too.
        """
        said: dict[str, str] = {}
        failed: OrgRolloutError | None = None
        for name in manifest_names(house.bucket):
            try:
                with self._manifest(house, name) as (loaded, there):
                    said[name] = repair(loaded, there.client, there.executions, at=places)
                _LOG.info("tampering, manifest %s: %s", name, said[name])
            except OrgRolloutError as error:
                _LOG.error("manifest %s: %s", name, error, extra={"error": type(error).__name__})
                said[name] = f"failed: {type(error).__name__}"
                again = isinstance(error, (*_PASSING, LookFailedError, UploadUnderWayError))
                failed = failed or (error if again else None)
        if failed is not None:
            raise failed
        return said

    def _look(self, house: _House, name: str) -> str:
        with self._manifest(house, name) as (loaded, there):
            return look_at(loaded, there.client, there.executions)

    def _driven_on(self, house: _House, name: RolloutId) -> None:
        """Do one tick at once; the execution that waits for the rollout finds what came of it.

        Where it fails, the execution tries again; the other messages are not held up.
        """
        try:
            advance(house.client, name, house.executions)
        except NoSuchRolloutError:  # of another journal
            _LOG.info("an operation of %s, which this journal does not know", name)
        except OrgRolloutError as error:
            _LOG.warning("left to its execution: %s", error, extra={"rollout": name})

    def _all_manifests(self, house: _House, do: Callable[[_House, str], str]) -> dict[str, str]:
        """Do something with every manifest; what is wrong with one does not hold up the others.

        Raises:
            OrgRolloutError: The first failure that goes away by itself: the message comes again.
        """
        said: dict[str, str] = {}
        again: OrgRolloutError | None = None
        for name in manifest_names(house.bucket):
            try:
                said[name] = do(house, name)
                _LOG.info("manifest %s: %s", name, said[name])
            except UploadUnderWayError as error:
                _LOG.info("%s", error)
                said[name] = "left to the next look: it is being uploaded"
            except OrgRolloutError as error:
                _LOG.error("manifest %s: %s", name, error, extra={"error": type(error).__name__})
                said[name] = f"failed: {type(error).__name__}"
                again = again or (error if isinstance(error, _PASSING) else None)
        if again is not None:
            raise again
        return said

    @contextmanager
    def _house(self) -> Iterator[_House]:
        """Give what the calls of one process share; after a failure, the next one opens it again.

        Clients are made once, and a plan is read once.
        """
        if self._open is None:
            settings = Settings.of(self.environment)
            opening = api.connect(
                home_region=settings.region,
                journal=settings.journal,
                clock=self.clock,
                session=self.session,
            )
            self._open = _of(settings, ExitStack().enter_context(opening))
        try:
            yield self._open
        except BaseException:
            self._open = None
            raise

    @contextmanager
    def _manifest(self, house: _House, name: str) -> Iterator[tuple[LoadedManifest, _House]]:
        """Give a manifest, and a client that keeps to what it says of calls."""
        settings = house.settings
        with (
            loaded_manifest(house.bucket, name, settings) as loaded,
            api.connect(
                loaded, journal=settings.journal, clock=self.clock, session=self.session
            ) as client,
        ):
            yield loaded, _of(settings, client)


def _of(settings: Settings, client: api.Client) -> _House:
    connection = client.context.connection
    return _House(
        settings=settings,
        client=client,
        executions=Executions(connection, settings.machine),
        bucket=Bucket(connection, settings.bucket),
    )

"""What may go wrong with a journal. Each says how things stand, and what to do next."""

from typing import ClassVar

from orgrollout.errors import OrgRolloutError


class JournalError(OrgRolloutError):
    """The journal cannot do what was asked. What was acknowledged before is kept."""

    text: ClassVar[str] = "journal {where}: {said}. Nothing was written by this call."

    def __init__(self, where: object, said: str = "") -> None:
        super().__init__(self.text.format(where=where, said=said).strip())
        self.where = str(where)
        self.said = said


class JournalConflictError(JournalError):
    """A document is no longer the one that was read. Nothing was written."""

    text = (
        "journal: {where} was written by another process since it was read; nothing was written. "
        "It works on the same rollout: `orgrollout status` shows which."
    )


class JournalContendedError(JournalError):
    """Other processes kept writing a document. Nothing was written."""

    text = (
        "journal: {where} was written by other processes at every try; nothing was written by this "
        "one. Try again when fewer of them run."
    )


class LeaseLostError(JournalConflictError):
    """This process may no longer act on a rollout. Nothing more was sent."""

    text = (
        "journal: {where} was taken over, or changed by an operator, while this process was held "
        "up; nothing more was sent from here. `orgrollout status {where}` shows how it goes on."
    )


class JournalBusyError(JournalError):
    """Another process held the journal for too long. Nothing was written."""

    text = "journal {where} is locked by another process; nothing was written. Try again. {said}"


class JournalFullError(JournalError):
    """The disk is full. Nothing was written."""

    text = (
        "journal {where}: the disk is full, and nothing was written. Make room, then run "
        "`orgrollout resume`."
    )


class JournalDiskError(JournalError):
    """The file cannot be read or written where it is. Nothing was written."""

    text = (
        "journal {where} cannot be read or written: {said}. Nothing was written by this call. Look "
        "at the disk and at limits on the size of files, then run `orgrollout resume`."
    )


class JournalBucketError(JournalError):
    """There is no such bucket. Nothing was written."""

    text = (
        "there is no bucket {where} ({said}); nothing was written. `orgrollout service template "
        "--only journal` prints a CloudFormation template that makes one fit for a journal."
    )


class JournalNameError(JournalError):
    """What was named cannot be a journal. Nothing was written."""

    text = "{where} cannot be a journal: {said}. Write a folder, a file, or s3://BUCKET/PREFIX."


class JournalReadOnlyError(JournalError):
    """The journal, or the folder it is in, cannot be written. Nothing was written."""

    text = (
        "journal {where} cannot be opened for writing: {said}. Nothing was written. Fix the "
        "permissions; `orgrollout resume` then goes on with a rollout that was under way. A first "
        "one may have another place: choose it with --journal."
    )


class JournalGoneError(JournalError):
    """The file was deleted, moved or replaced while it was open. Nothing was written."""

    text = (
        "journal {where} was deleted, moved or replaced while this command used it; nothing was "
        "written, and nothing more was sent. What was started goes on in AWS. Put the file back, "
        "then run `orgrollout resume`; if it is lost, plan again once the operations are over: "
        "CloudFormation knows what is deployed."
    )


class JournalCorruptError(JournalError):
    """The journal, or a document in it, is damaged."""

    text = (
        "journal {where} is damaged: {said}. Move it aside and plan again: CloudFormation knows "
        "what is deployed, and the plan is made from there."
    )


class JournalDocumentError(JournalCorruptError):
    """A document of the journal cannot be read. Nothing was changed."""

    text = (
        "the document {where} of the journal is damaged: {said}. Nothing was changed. Move the "
        "journal aside (`orgrollout journal export` writes out what is in it) and plan again: "
        "CloudFormation knows what is deployed, and the plan is made from there."
    )


class JournalForeignError(JournalError):
    """The file is no journal of ours; it was left alone."""

    text = "{where} is not a journal: {said}. It was left alone; choose another with --journal."


class JournalPlaceError(JournalError):
    """The journal belongs to another administrator, Region or endpoint; it was left alone."""

    text = (
        "this journal keeps the rollouts of {where}, and this is {said}; it was left alone. "
        "Choose another with --journal."
    )


class JournalVersionError(JournalError):
    """A newer orgrollout wrote the journal; it was left alone."""

    text = "journal {where} was written by a newer orgrollout: {said}. Upgrade this one."

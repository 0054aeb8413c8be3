"""What is told of drift that was found. Pure."""

from collections import Counter
from collections.abc import Sequence

from orgrollout.drift.finding import Finding
from orgrollout.model.ids import digest_of
from orgrollout.model.notice import Notice, NoticeEvent
from orgrollout.model.words import count

MOST_FINDINGS = 20


def drift_notice(manifest: str, findings: Sequence[Finding], occasion: str = "") -> Notice | None:
    """Return what there is to tell of findings; nothing where none of them is real.

    The same findings, found again, are the same notice, unless on another ``occasion``. What a
    property should be and what it is stays out of it: either may be secret.
    """
    real = sorted(
        (f for f in findings if f.verdict.is_real),
        key=lambda f: (f.stack_set, f.pair, f.what, f.subject),
    )
    if not real:
        return None
    kinds = Counter(finding.kind.value for finding in real)
    accounts = len({finding.pair.account for finding in real})
    where = count(accounts, "account")
    counted = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
    more = len(real) - MOST_FINDINGS
    lines = [
        f"{manifest}: {count(len(real), 'finding')} in {where}: not as deployed ({counted}).",
        *(
            f"- {f.stack_set}, {f.pair}: {f.what} {f.path or f.subject}".rstrip()
            for f in real[:MOST_FINDINGS]
        ),
        *([f"and {more:,} more"] if more > 0 else []),
        "All of them: orgrollout drift; to repair them: orgrollout resync",
    ]
    return Notice(
        event=NoticeEvent.DRIFT,
        manifest=manifest,
        subject=f"{manifest}: drift in {where}",
        text="\n".join(lines),
        facts={
            "findings": len(real),
            "accounts": accounts,
            "kinds": dict(sorted(kinds.items())),
            "examples": [
                {
                    "stack_set": f.stack_set,
                    "account": f.pair.account,
                    "region": f.pair.region,
                    "kind": f.kind.value,
                    "what": f.what,
                    "path": f.path,
                    "subject": f.subject,
                }
                for f in real[:MOST_FINDINGS]
            ],
        },
        about=f"{manifest}/drift",
        moment=digest_of([*([occasion] if occasion else []), *(f.key for f in real)]),
    )

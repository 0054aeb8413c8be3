"""`templates export`: the templates as files, or the baseline as one template for one account."""

from pathlib import Path

from orgrollout import __version__
from orgrollout.bootstrap.single_account import PARTS, Form, single_account_text
from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.template.builtin import builtin_path, export_builtins
from orgrollout.report.layout.blocks import Line


class ExportError(OrgRolloutError):
    """The templates could not be written. Nothing was overwritten."""


def export(folder: Path | None, *, single_account: bool, form: str | None, out: Path | None) -> int:
    """Write the templates.

    Raises:
        ExportError: They could not be written.
        WrongUsageError: It is not clear what to write.
    """
    if single_account:
        if folder is not None:
            raise WrongUsageError(
                "give a folder or --single-account, not both. --out names a file."
            )
        return _single_account(Form(form or Form.BUCKET), out)
    if form is not None or out is not None:
        raise WrongUsageError("--form and --out go with --single-account.")
    if folder is None:
        raise WrongUsageError("give the folder to write to, or --single-account.")
    return _all(folder)


def _all(folder: Path) -> int:
    try:
        written = export_builtins(folder)
    except FileExistsError as error:
        raise ExportError(f"{error} Choose another folder, or move it away.") from error
    except OSError as error:
        raise ExportError(f"cannot write to {folder}: {error.strerror or error}.") from error
    Screen().show(Line(text=str(path)) for path in written)
    return DONE


def _single_account(form: Form, out: Path | None) -> int:
    bodies = {name: builtin_path(name).read_text(encoding="utf-8") for name in PARTS}
    text = single_account_text(bodies, form, __version__)
    if out is None:
        Screen().raw(text.removesuffix("\n"))
        return DONE
    try:
        with out.open("x", encoding="utf-8") as file:  # "x" follows no symbolic link
            file.write(text)
    except FileExistsError as error:
        raise ExportError(
            f"{out} exists already; nothing was written. Choose another name, or move it away."
        ) from error
    except OSError as error:
        raise ExportError(f"cannot write {out}: {error.strerror or error}.") from error
    Screen().show([Line(text=str(out))])
    return DONE

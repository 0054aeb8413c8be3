"""What is shared to be quick is what botocore derives by itself."""

import subprocess
import sys

CODE = """
from botocore import compat, handlers, hooks, useragent
names = [each[0] for each in handlers.BUILTIN_HANDLERS] + ["before-send.cloudwatch.PutMetric"]
functions = [each[1] for each in handlers.BUILTIN_HANDLERS] + [len, print, str.lower]

def accepts(function):
    try:
        return bool(hooks.accepts_kwargs(function))
    except TypeError as error:
        return str(error)

def derived():
    aliased = [hooks.EventAliaser(None)._alias_event_name(name) for name in names * 2]
    spelled = [useragent.sanitize_user_agent_string_component(f"a b#{n}", n > 1) for n in range(4)]
    return aliased, [accepts(each) for each in functions], spelled

alone = derived()
accepted = compat.accepts_kwargs
import tests.quicker
tests.quicker.share_what_botocore_derives()
assert hooks.accepts_kwargs is not accepted
assert derived() == alone, derived()
assert any(old != new for old, new in zip(names, alone[0]))
"""


def test_shared_is_what_botocore_derives() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)  # noqa: S603
    assert (ran.returncode, ran.stderr) == (0, "")

"""What is shared to be quick is what botocore derives by itself."""

import subprocess
import sys

CODE = """
import boto3
from botocore import compat, handlers, hooks, useragent
names = [each[0] for each in handlers.BUILTIN_HANDLERS] + ["before-send.cloudwatch.PutMetric"]
functions = [each[1] for each in handlers.BUILTIN_HANDLERS] + [len, print, str.lower]

def accepts(function):
    try:
        return bool(hooks.accepts_kwargs(function))
    except TypeError as error:
        return str(error)

def client(service, region):
    session = boto3.Session("key", "secret", region_name=region)
    made = session.client(service)
    model, services = made.meta.service_model, session.get_available_services()
    return made, (model.api_version, model.operation_names, made.meta.endpoint_url, services)

def copied():
    one = hooks.NodeList([len], [print], [])
    other = one.__copy__()
    other.first.append(id)
    return type(other).__name__, one, other

def derived():
    aliased = [hooks.EventAliaser(None)._alias_event_name(name) for name in names * 2]
    spelled = [useragent.sanitize_user_agent_string_component(f"a b#{n}", n > 1) for n in range(4)]
    made = [client(*each)[1] for each in (("sts", "us-east-1"), ("s3", "cn-north-1"))]
    return aliased, [accepts(each) for each in functions], spelled, made, copied()

alone = derived()
accepted = compat.accepts_kwargs
import tests.quicker
tests.quicker.share_what_botocore_derives()
assert hooks.accepts_kwargs is not accepted
assert derived() == alone, derived()
assert any(old != new for old, new in zip(names, alone[0]))
one, other = (client("sts", region)[0] for region in ("us-east-1", "eu-west-1"))
assert one.meta.service_model is other.meta.service_model
assert one.meta.endpoint_url != other.meta.endpoint_url
one.meta.events.register("before-send", lambda **_: 1 / 0)  # is no handler of the other
assert [each for _, each in other.meta.events.emit("before-send.sts", request=None)] == []
"""


def test_shared_is_what_botocore_derives() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)  # noqa: S603
    assert (ran.returncode, ran.stderr) == (0, "")

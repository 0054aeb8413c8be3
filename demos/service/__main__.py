"""`make service-demo`: the whole service without AWS, in plain words; 1 if something is not so."""

import sys
import tempfile
import time
from pathlib import Path

from demos.service.cloud import deployed
from demos.service.story import SCENES


def main() -> int:
    """Tell the story, and return 0 if all of it came true."""
    began = time.monotonic()
    print("The service of orgrollout, without AWS: nothing here is real, and nothing leaves here.")
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder)) as cloud:
        size = len(cloud.package.content)
        print(f"packed: a zip of {size:,} bytes with {cloud.package.wheels} pinned wheels")
        print("deployed: the template's functions run from the zip, in a Python with nothing else")
        print("          the template's state machine is run by moto's interpreter")
        for number, scene in enumerate(SCENES, start=1):
            title, _, _ = (scene.__doc__ or "").partition("\n")
            print(f"\n{number}. {title}")
            try:
                for line in scene(cloud):
                    print(f"   {line}")
            except (RuntimeError, KeyError, ValueError) as error:
                print(f"   NOT SO: {type(error).__name__}: {error}", file=sys.stderr)
                return 1
        calls = sum(each.calls for each in cloud.functions.values())
    print(f"\nAll of it came true, in {time.monotonic() - began:.0f} s and {calls} invocations.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

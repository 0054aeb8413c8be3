"""Inputs just below the size limit, of every shape that may take long: one function for each."""

from collections.abc import Callable
from itertools import count

LIMIT = 990_000  # bytes: a file of more than a million is refused

HEAD = """\
version: 1
name: baseline
organization: o-a1b2c3d4e5
home_region: us-east-1
"""
ACCOUNTS = 'accounts: {log_archive: "111122223333"}\n'
TARGETS = "targets: all\nregions: [us-east-1]\n"
STACK_SETS = "stack_sets:\n  roles: {template: roles.yaml}\n"
WHOLE = HEAD + ACCOUNTS + TARGETS + STACK_SETS
TEMPLATE = "Resources:\n  Role: {Type: AWS::IAM::Role}\n"


def filled(line: Callable[[int], str], before: str = "", after: str = "") -> str:
    """Return a text with as many different lines in its middle as there is room for."""
    room = LIMIT - len(before) - len(after)
    parts: list[str] = []
    for number in count():
        part = line(number)
        room -= len(part)
        if room < 0:
            return before + "".join(parts) + after
        parts.append(part)
    raise AssertionError


def _stack_sets(line: Callable[[int], str]) -> str:
    return filled(line, HEAD + ACCOUNTS + TARGETS + "stack_sets:\n")


def _in_stack_set(line: Callable[[int], str], key: str) -> str:
    return filled(
        line, f"{WHOLE.replace('{template: roles.yaml}', '')}    template: roles.yaml\n    {key}:\n"
    )


def _rollout(line: Callable[[int], str], key: str) -> str:
    return filled(line, f"{WHOLE}rollout:\n  {key}:\n")


def _nested(opens: str, closes: str) -> str:
    times = (LIMIT - 2000) // (len(opens) + len(closes))
    return f"{WHOLE}tags: {opens * times}{closes * times}\n"


def _aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return WHOLE + "\n".join(lines) + "\n"


def _merges() -> str:
    return filled(
        lambda n: f"  s{n}: {{<<: *base}}\n",
        HEAD + TARGETS + "base: &base {template: roles.yaml, tags: {a: b}}\nstack_sets:\n",
    )


def _chained_merges() -> str:
    return filled(
        lambda n: f"  s{n}: &s{n} {{<<: *s{n - 1}, k{n}: 1}}\n" if n else "  s0: &s0 {k: 1}\n",
        HEAD + TARGETS + "stack_sets:\n",
    )


def _many_rules() -> str:
    before = HEAD + TARGETS + "stack_sets:\n"
    before += "".join(f"  s{n}: {{template: roles.yaml}}\n" for n in range(8_000))
    return filled(
        lambda n: f"    - {{stack_set: s{n % 8_000}, resource: Role, reason: x}}\n",
        before + "drift:\n  ignore:\n",
    )


MANIFESTS: dict[str, Callable[[], str]] = {
    "unknown keys": lambda: filled(lambda n: f"stack_sets{n}: 1\n", WHOLE),
    "unknown keys of a stack set": lambda: filled(
        lambda n: f"    parameter{n}: 1\n",
        WHOLE.replace("{template: roles.yaml}", "\n    template: roles.yaml"),
    ),
    "stack sets": lambda: _stack_sets(lambda n: f"  s{n}: {{template: roles.yaml}}\n"),
    "stack sets without a template": lambda: _stack_sets(lambda n: f"  s{n}: {{templat: a}}\n"),
    "stack sets with unknown keys": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, k{n}: 1}}\n"
    ),
    "stack sets whose template is nowhere": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: t{n}.yaml}}\n"
    ),
    "a chain of dependencies": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, depends_on: [s{n + 1}]}}\n"
    ),
    "a chain of dependencies backwards": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, depends_on: [s{max(n - 1, 0)}]}}\n"
    ),
    "one that depends on all others": lambda: filled(
        lambda n: f"  s{n}: {{template: roles.yaml}}\n",
        HEAD + TARGETS + "stack_sets:\n",
        "  all: {template: roles.yaml, depends_on: ["
        + ", ".join(f"s{n}" for n in range(20_000))
        + "]}\n",
    ),
    "many circles of dependencies": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, depends_on: [s{n ^ 1}]}}\n"
    ),
    "dependencies on nothing": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, depends_on: [t{n}]}}\n"
    ),
    "unknown parameters": lambda: _in_stack_set(lambda n: f"      p{n}: a\n", "parameters"),
    "tags": lambda: _in_stack_set(lambda n: f"      t{n}: a\n", "tags"),
    "overrides": lambda: _in_stack_set(
        lambda n: f'      - {{targets: {{accounts: ["{n:012d}"]}}, parameters: {{a: b}}}}\n',
        "parameter_overrides",
    ),
    "overrides for unknown accounts": lambda: _in_stack_set(
        lambda n: f"      - {{targets: {{accounts: [acc{n}]}}, parameters: {{a: b}}}}\n",
        "parameter_overrides",
    ),
    "unknown target groups": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, targets: group{n}}}\n"
    ),
    "unknown Regions": lambda: _stack_sets(
        lambda n: f"  s{n}: {{template: roles.yaml, regions: [us-east-1{n}]}}\n"
    ),
    "a list of unknown Regions": lambda: filled(
        lambda n: f"  - us-east-{n}\n", HEAD + STACK_SETS + "targets: all\nregions:\n"
    ),
    "region groups": lambda: filled(
        lambda n: f"  g{n}: [us-east-1, g{n + 1}]\n", WHOLE + "region_groups:\n"
    ),
    "target groups": lambda: filled(
        lambda n: f"  g{n}: {{organizational_units: [/a{n}]}}\n", WHOLE + "target_groups:\n"
    ),
    "accounts and wrong references to them": lambda: filled(
        lambda n: f'  account{n}: "{n:012d}"\n',
        HEAD
        + TARGETS
        + STACK_SETS
        + "guards: {never_remove_from: {accounts: ["
        + ", ".join(f"acount{n}" for n in range(30_000))
        + "]}}\naccounts:\n",
    ),
    "accounts": lambda: filled(
        lambda n: f'  a{n}: "{n:012d}"\n', HEAD + TARGETS + STACK_SETS + "accounts:\n"
    ),
    "accounts with the same id": lambda: filled(
        lambda n: f'  a{n}: "111122223333"\n', HEAD + TARGETS + STACK_SETS + "accounts:\n"
    ),
    "waves": lambda: _rollout(lambda n: f"    - {{name: w{n}, percent: 1}}\n", "waves"),
    "waves of accounts": lambda: _rollout(
        lambda n: f'    - {{name: w{n}, accounts: ["{n:012d}"]}}\n', "waves"
    ),
    "waves of the same name": lambda: _rollout(lambda _: "    - {name: w, percent: 1}\n", "waves"),
    "freezes": lambda: _rollout(lambda _: "    - 2026-12-20/2027-01-04\n", "freeze"),
    "freezes that are wrong": lambda: _rollout(
        lambda n: f"    - 2026-13-{n}/2027-01-04\n", "freeze"
    ),
    "failure classes": lambda: filled(
        lambda n: f"      - {{pattern: 'a{n}.*b', advice: x}}\n",
        f"{WHOLE}rollout:\n  failure_classes:\n    transient:\n",
    ),
    "a regular expression": lambda: filled(
        lambda n: f"(a{n}|b)*",
        f"{WHOLE}rollout:\n  failure_classes:\n    transient:\n      - {{pattern: '",
        "'}\n",
    ),
    "rules of drift": lambda: filled(
        lambda n: f"    - {{stack_set: roles, resource: R{n}, reason: x}}\n",
        f"{WHOLE}drift:\n  ignore:\n",
    ),
    "rules of drift for unknown stack sets": lambda: filled(
        lambda n: f"    - {{stack_set: s{n}, resource: Role, reason: x, until: 2026-13-01}}\n",
        f"{WHOLE}drift:\n  ignore:\n",
    ),
    "exclusions": lambda: filled(
        lambda n: f"    - {{accounts: ['{n:012d}'], reason: x, until: 2026-12-01}}\n",
        HEAD + "regions: [us-east-1]\n" + STACK_SETS + "targets:\n  include: all\n  exclude:\n",
    ),
    "notifications": lambda: filled(
        lambda n: f"  - {{sns: 'arn:aws:sns:us-east-1:111122223333:t{n}', 'on': [halted]}}\n",
        f"{WHOLE}notifications:\n",
    ),
    "a long key": lambda: f"{WHOLE}{'a' * 900_000}: 1\n",
    "a long plain text": lambda: f"{WHOLE}tags: {'a b ' * 240_000}\n",
    "a long value of a name": lambda: WHOLE.replace("baseline", "a-" * 450_000),
    "long names that are alike": lambda: (
        HEAD
        + TARGETS
        + STACK_SETS
        + f"accounts: {{{'a' * 450_000}: '111122223333'}}\n"
        + f"guards: {{never_remove_from: {{accounts: [{'a' * 449_999}b]}}}}\n"
    ),
    "digits": lambda: f"{WHOLE}rollout: {{max_failed_accounts: {'9' * 900_000}}}\n",
    "a long duration": lambda: (
        WHOLE
        + f"rollout: {{waves: [{{name: a, percent: 1, after: {{soak: {'1' * 900_000}h}}}}]}}\n"
    ),
    "placeholders": lambda: filled(
        lambda n: f"${{accounts.a{n}}}",
        WHOLE.replace("{template: roles.yaml}", "\n    template: roles.yaml\n    tags: {a: '"),
        "'}\n",
    ),
    "accounts and placeholders for them": lambda: filled(
        lambda n: f'  a{n}: "{n:012d}"\n',
        HEAD
        + TARGETS
        + "stack_sets:\n  roles:\n    template: roles.yaml\n    tags: {a: '"
        + "".join(f"${{accounts.a{n}}}" for n in range(25_000))
        + "'}\naccounts:\n",
    ),
    "rules of drift for many stack sets": _many_rules,
    "placeholders that do not end": lambda: WHOLE.replace(
        "{template: roles.yaml}",
        "\n    template: roles.yaml\n    tags: {a: '" + "${" * 450_000 + "'}",
    ),
    "flow lists in each other": lambda: _nested("[", "]"),
    "flow mappings in each other": lambda: _nested("{a: ", "}"),
    "block lists in each other": lambda: f"{WHOLE}tags:\n  {'- ' * 450_000}a\n",
    "brackets that do not end": lambda: f"{WHOLE}tags: {'[' * 900_000}",
    "aliases of aliases": _aliases,
    "merged mappings": _merges,
    "chained merges": _chained_merges,
    "anchors": lambda: filled(lambda n: f"  - &a{n} x\n", f"{WHOLE}tags:\n"),
    "the same key again and again": lambda: filled(lambda _: "name: b\n", WHOLE),
    "mappings as keys": lambda: filled(lambda n: f"? {{a{n}: b}}\n: c\n", WHOLE),
    "tags of YAML": lambda: filled(lambda n: f"k{n}: !t{n} a\n", WHOLE),
    "comments": lambda: filled(lambda n: f"# {n}\n", WHOLE),
    "blank lines": lambda: filled(lambda _: "\n", WHOLE),
    "documents": lambda: filled(lambda _: "---\n", WHOLE),
    "quotes": lambda: f"{WHOLE}tags: {{a: '{chr(39) * 900_000}'}}\n",
    "escapes": lambda: WHOLE + 'tags: {a: "' + "\\u0041" * 150_000 + '"}\n',
    "numbers in base 60": lambda: f"{WHOLE}tags: {{a: {':1' * 450_000}}}\n",
    "a date": lambda: f"{WHOLE}tags: {{a: 2026-01-01{' ' * 900_000}1}}\n",
}

_OWN = "Metadata:\n  orgrollout:\n    version: 1\n"

TEMPLATES: dict[str, Callable[[], str]] = {
    "resources": lambda: filled(lambda n: f"  R{n}: {{Type: AWS::SNS::Topic}}\n", TEMPLATE),
    "references": lambda: filled(
        lambda n: f"  R{n}: {{Type: 'AWS::SNS::Topic', Properties: {{A: !Ref R{n + 1}}}}}\n",
        TEMPLATE,
    ),
    "references to nothing": lambda: filled(
        lambda n: f"  R{n}: {{Type: 'AWS::SNS::Topic', Properties: {{A: !Ref X{n}}}}}\n", TEMPLATE
    ),
    "a Sub with many names": lambda: filled(
        lambda n: f"${{X{n}}}",
        TEMPLATE + "  T: {Type: 'AWS::SNS::Topic', Properties: {A: !Sub '",
        "'}}\n",
    ),
    "a Sub that does not end": lambda: (
        TEMPLATE
        + "  T: {Type: 'AWS::SNS::Topic', Properties: {A: !Sub '"
        + "${" * 450_000
        + "'}}\n"
    ),
    "parameters": lambda: filled(
        lambda n: f"  P{n}: {{Type: String}}\n", TEMPLATE + "Parameters:\n"
    ),
    "defaults for unknown parameters": lambda: filled(
        lambda n: f"      p{n}: a\n", TEMPLATE + _OWN + "    parameter_defaults:\n"
    ),
    "unknown keys of metadata": lambda: filled(lambda n: f"    k{n}: a\n", TEMPLATE + _OWN),
    "posture checks": lambda: filled(
        lambda n: f"      - {{check: c{n}, a: b}}\n", TEMPLATE + _OWN + "    posture:\n"
    ),
    "arguments of a posture check": lambda: filled(
        lambda n: f"        a{n}: b\n",
        TEMPLATE + _OWN + "    posture:\n      - check: vpc_flow_logs\n",
    ),
    "conditions of a posture check": lambda: filled(
        lambda n: f"          a{n}: b\n",
        TEMPLATE + _OWN + "    posture:\n      - check: vpc_flow_logs\n        when:\n",
    ),
    "allowed values and a pattern": lambda: (
        TEMPLATE
        + "Parameters:\n  P: {Type: String, AllowedPattern: '(a+)+$', Default: '"
        + "a" * 4000
        + "b'}\n"
    ),
    "allowed values": lambda: filled(
        lambda n: f"a{n}, ",
        TEMPLATE + "Parameters:\n  P: {Type: String, Default: x, AllowedValues: [",
        "z]}\n",
    ),
    "conditions": lambda: filled(
        lambda n: f"  C{n}: !Not [!Condition C{n + 1}]\n", TEMPLATE + "Conditions:\n"
    ),
    "outputs": lambda: filled(
        lambda n: f"  O{n}: {{Value: !GetAtt R{n}.Arn}}\n", TEMPLATE + "Outputs:\n"
    ),
    "functions in each other": lambda: (
        TEMPLATE + "Outputs:\n  O: {Value: " + "!Not [" * 100_000 + "]" * 100_000 + "}\n"
    ),
    "JSON": lambda: (
        '{"Resources": {'
        + ", ".join(f'"R{n}": {{"Type": "AWS::SNS::Topic"}}' for n in range(20_000))
        + "}}"
    ),
    "JSON in each other": lambda: '{"Resources": ' + '{"a": ' * 80_000 + "1" + "}" * 80_000 + "}",
    "tabs": lambda: "{" + "\t" * 900_000 + "}",
}

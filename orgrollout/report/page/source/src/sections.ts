// What explains the ledger: rollouts in time, causes of failures, drift, posture, the plan.

import type { Cause, Changed, Document, Finding, Operation, Rollout } from "./document.ts";
import { type Child, count, h, many, moment, named, span, table, told, visible, words } from "./dom.ts";
import { link } from "./fragment.ts";
import { isBroken, isUnknown, type Ledger } from "./ledger.ts";

export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...children);
}

export function rollouts(doc: Document): HTMLElement | null {
  if (!doc.rollouts.length) {
    return doc.kind === "manifest" ? section("rollouts", "Rollouts", h("p", {}, "The journal has no rollout of this manifest.")) : null;
  }
  const drawn = doc.rollouts.map((each, i) => h("details", { open: i === 0, "data-keep": `rollout ${each.rollout}` },
    h("summary", {}, h("bdi", {}, visible(each.rollout)), ": ", each.outcome, ", begun ", moment(each.created),
      each.ended && `, ended ${moment(each.ended)}`), rollout(each)));
  return section("rollouts", "Rollouts", ...drawn,
    doc.more_rollouts > 0 && h("p", {}, `${many(doc.more_rollouts, "earlier rollout")} in the journal: orgrollout rollouts`));
}

function rollout(each: Rollout): HTMLElement {
  const times = each.operations.flatMap((one) => [one.started, one.ended]).filter((t): t is string => !!t).map(Date.parse);
  const from = times.reduce((a, b) => Math.min(a, b), Infinity);
  const to = Math.max(times.reduce((a, b) => Math.max(a, b), -Infinity), from + 1000);
  return h("div", {},
    each.begun_by && h("p", { class: "dim" }, "Begun by ", told(each.begun_by)),
    each.note && h("p", { class: "note" }, told(each.note)),
    ...each.waits.map((text) => h("p", { class: "note" }, told(text))),
    h("ol", { class: "waves" }, ...each.waves.map((wave) => {
      const mine = each.operations.filter((one) => one.wave === wave.wave);
      const planned = each.planned.filter((one) => one.wave === wave.wave).length;
      const begun = new Set(mine.map((one) => one.planned)).size;
      return h("li", {}, h("h3", {}, `Wave ${wave.wave} `, named(wave.name), h("span", { class: "badge" }, wave.status ?? "")),
        h("p", { class: "dim" }, `${many(wave.accounts, "account")}; ${count(begun)} of ${many(planned, "operation")} begun; `
          + `${many(wave.allowed_failures ?? 0, "account")} may fail`),
        mine.length > 0 && operations(mine, from, to, `Operations of wave ${wave.wave} of ${visible(each.rollout)}`));
    })));
}

function operations(mine: Operation[], from: number, to: number, caption: string): HTMLElement {
  return table(caption, ["Stack set", "Action", "Status", "Succeeded", "Failed", "Cancelled or skipped", "Started", "Took", "When"], mine.length, (i) => {
    const one = mine[i]!, start = one.started ? Date.parse(one.started) : from, end = one.ended ? Date.parse(one.ended) : to;
    const rest = one.cancelled === null && one.skipped === null ? null : (one.cancelled ?? 0) + (one.skipped ?? 0);
    const bar = h("span", { class: `bar ${!one.ended ? "open" : one.failed || one.status === "FAILED" ? "bad" : one.status === "SUCCEEDED" && !one.cancelled ? "good" : "part"}` });
    bar.style.setProperty("--from", `${(100 * (start - from)) / (to - from)}%`);
    bar.style.setProperty("--width", `${Math.max(1.5, (100 * (end - start)) / (to - from))}%`);
    return [[named(one.stack_set)], [one.action + (one.attempt > 1 ? `, attempt ${one.attempt}` : "")],
      [one.ended ? one.status : "under way"], [one.succeeded === null ? "not known yet" : count(one.succeeded)],
      [one.failed === null ? "not known yet" : count(one.failed)], [rest === null ? "not known yet" : count(rest)], [moment(one.started)],
      [one.ended && one.started ? span(end - start) : ""], [h("span", { class: "track", "aria-hidden": "true" }, bar)]];
  }, 20);
}

export function failures(doc: Document): HTMLElement | null {
  const newest = doc.rollouts[0];
  if (!newest) return null;
  const isSkipped = (each: Cause) => each.class === "skipped"; // nothing was tried there
  const isOver = ["halted", "stopped", "finished"].includes(newest.phase);
  const groups: [string, Cause[]][] = [["Failed", newest.causes.filter((each) => !isSkipped(each))], ["Skipped", newest.causes.filter(isSkipped)],
    [isOver ? "To be tried again if the rollout is resumed" : "To be tried again", newest.retried],
    ["Tried again, and done", newest.overcome]];
  const some = groups.filter(([, causes]) => causes.length);
  return section("failures", "Failures by cause", h("p", { class: "dim" }, "Of the newest rollout, ", h("bdi", {}, visible(newest.rollout)), "."),
    !groups.some(([title, causes]) => title !== "Skipped" && causes.length) && h("p", {}, isOver ? "Nothing failed." : "Nothing failed so far."),
    ...some.map(([title, causes]) => h("div", {}, h("h3", {}, title), ...causes.map((each) => cause(each, title === "Failed")))));
}

function cause(each: Cause, isFinal: boolean): HTMLElement {
  const units = Object.entries(each.organizational_units).slice(0, 5).map(([path, n]) => `${visible(path)} ${count(n)}`).join(", ");
  const example = each.example;
  return h("article", { class: isFinal ? "cause bad" : "cause" },
    h("h4", {}, h("span", { class: "badge" }, words(each.class)), " ",
      `${many(each.instances, "stack instance")} in ${many(each.accounts, "account")}`),
    h("p", {}, told(each.reason || "no reason given")),
    each.advice && h("p", { class: "advice" }, h("strong", {}, "What to do: "), told(each.advice)),
    h("p", { class: "dim" }, "Stack sets: ", each.stack_sets.map((s) => visible(s)).join(", "),
      units && `. Units: ${units}`, each.later_accounts > 0 && `. Later waves have ${many(each.later_accounts, "account")} there, too`, "."),
    h("p", { class: "dim" }, "For example ",
      h("a", { href: link({ instance: [example.stack_set, example.account, example.region].join("~") }) },
        named(each.named[0] ?? example.account), " ", named(example.region), " ", named(example.stack_set)), "."));
}

export function drift(ledger: Ledger): HTMLElement | null {
  const found = ledger.doc.drift;
  if (!found) return null;
  const groups = new Map<string, Finding[]>();
  for (const each of found.findings) {
    const key = JSON.stringify([each.stack_set, each.type, each.what, each.path, each.verdict]);
    const those = groups.get(key);
    if (those) those.push(each);
    else groups.set(key, [each]);
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const unknown = found.stack_sets.filter((each) => each.unknown);
  return section("drift", "Drift by resource",
    ...unknown.map((each) => h("p", { class: "note" }, `Of ${many(each.instances, "stack instance")} of `, h("bdi", {}, visible(each.stack_set)),
      `, nothing is known of ${count(each.unknown)}`, each.detected ? `; the last detection ended ${moment(each.detected)}.` : "; no detection has looked.")),
    !sorted.length && h("p", {}, unknown.length ? "Where a detection looked, nothing differs." : "Nothing differs."),
    ...sorted.slice(0, 200).map((those) => resource(ledger, those)),
    sorted.length > 200 && h("p", {}, `and ${many(sorted.length - 200, "more resource")}: orgrollout drift --format csv`),
    found.total > found.findings.length && h("p", { class: "note" },
      `${many(found.total - found.findings.length, "more finding")} not shown here: orgrollout drift --format csv`));
}

function resource(ledger: Ledger, those: Finding[]): HTMLElement {
  const first = those[0]!, accounts = ledger.doc.accounts;
  return h("details", { class: "cause", "data-keep": `drift ${first.stack_set} ${first.what} ${first.path} ${first.verdict}` },
    h("summary", {}, h("span", { class: "badge" }, words(first.verdict)), " ", named(first.what), " ",
    first.path && h("code", {}, named(first.path)), " ", h("span", { class: "dim" }, named(first.type), " in ", named(ledger.sets[first.stack_set]!)),
    `: ${many(those.length, "stack instance")}`),
  h("p", { class: "dim" }, told(first.type), " ", told(first.what), first.path ? " " : null, first.path && told(first.path), " in ", told(ledger.sets[first.stack_set]!)),
  first.reason && h("p", {}, told(first.reason)),
  table(`Where ${visible(first.what)} differs`, ["Account", "Region", "Physical id", "Expected", "Actual", "Looked at", "First seen", "Came back"], those.length, (i) => {
    const each = those[i]!, id = accounts.id[each.account]!, region = ledger.regions[each.region]!;
    return [[h("a", { href: link({ instance: [ledger.sets[each.stack_set]!, id, region].join("~") }) }, named(accounts.name[each.account] || id))],
      [named(region)], [told(each.id)], [value(each.expected)], [value(each.actual)], [moment(each.looked)], [moment(each.first_seen)], [count(each.came_back)]];
  }));
}

function value(text: string): Child { return text ? h("code", {}, told(text)) : h("span", { class: "dim" }, "not told"); }

export function posture(ledger: Ledger): HTMLElement | null {
  const texts = ledger.doc.texts.posture, column = ledger.doc.rows.posture;
  const rows = new Map<number, number[]>();
  column.forEach((text, row) => {
    if (!texts[text]) return;
    const those = rows.get(text);
    if (those) those.push(row);
    else rows.set(text, [row]);
  });
  if (!rows.size) return null;
  const rank = (text: string) => (isBroken(text) ? 0 : isUnknown(text) ? 1 : 2);
  const sorted = [...rows].sort((a, b) => rank(texts[a[0]]!) - rank(texts[b[0]]!) || b[1].length - a[1].length);
  return section("posture", "Posture", h("p", { class: "dim" }, "As it was seen last; `unknown` is not good."),
    table("Posture by result", ["Result", "Stack instances", "For example", "Oldest look"], sorted.length, (i) => {
      const [text, those] = sorted[i]!, row = those[0]!;
      const oldest = those.map((each) => ledger.text("posture_since", each)).filter(Boolean).sort()[0];
      return [[told(texts[text]!)], [count(those.length)], [instanceLink(ledger, row)], [moment(oldest) || "never"]];
    }, 20));
}

export function instanceLink(ledger: Ledger, row: number): HTMLElement {
  const account = ledger.account[row]!, accounts = ledger.doc.accounts;
  const set = ledger.sets[ledger.set[row]!]!, region = ledger.regions[ledger.region[row]!]!, id = accounts.id[account]!;
  return h("a", { href: link({ instance: [set, id, region].join("~") }) }, named(accounts.name[account] || id), " ", named(region), " ", named(set));
}

export function plan(doc: Document): HTMLElement | null {
  const made = doc.plan;
  const title = doc.kind === "rollout" ? "The plan of this rollout" : "What an apply would change now";
  if (!made) {
    return doc.plan_refused ? section("plan", title, h("p", { class: "note" }, "There is no plan, since it is refused:"), h("pre", {}, visible(doc.plan_refused).replaceAll("\\u000a", "\n"))) : null;
  }
  const counts = Object.entries(made.summary).filter(([, n]) => n).map(([action, n]) => `${count(n)} to ${words(action)}`);
  return section("plan", title,
    h("p", {}, counts.length ? `${counts.join(", ")}; ${count(made.unchanged)} unchanged.` : made.is_empty ? "Nothing to do." : "Only definitions change."),
    ...made.warnings.map((text) => h("p", { class: "note" }, told(text))),
    ...made.stack_sets.filter((each) => each.change !== "unchanged" || each.differences.length).map((each) =>
      h("details", { class: "cause", open: made.stack_sets.length < 4, "data-keep": `plan ${each.stack_set}` },
        h("summary", {}, h("span", { class: "badge" }, each.change), " ", named(each.stack_set), each.differences.length > 0 && ": ",
          each.differences.map((text) => visible(text)).join("; ")),
        changed("Parameter", each.changes.parameters), changed("Tag", each.changes.tags), diff(each.changes.template))),
    made.operations.length > 0 && h("h3", {}, "Operations"),
    made.operations.length > 0 && table("Operations of the plan", ["Wave", "Stack set", "Action", "Stack instances", "Accounts", "Regions", "Reason"], made.operations.length, (i) => {
      const one = made.operations[i]!;
      return [[String(one.wave)], [named(one.stack_set)], [words(one.action)], [count(one.instances)], [count(one.accounts)],
        [one.regions.map((region) => visible(region)).join(", ")], [told(one.reason)]];
    }, 30));
}

function changed(what: string, values: Record<string, Changed> | undefined): HTMLElement | null {
  const rows = Object.entries(values ?? {});
  if (!rows.length) return null;
  const shown = (text: string | null): Child => (text === null ? h("span", { class: "dim" }, "(none)") : h("code", {}, told(text || '""')));
  return table(`${what}s that change`, [what, "Deployed", "Wanted"], rows.length, (i) => {
    const [name, { old, new: next }] = rows[i]!;
    return [[told(name)], [shown(old)], [shown(next)]];
  });
}

function diff(text: string | undefined): HTMLElement | null {
  if (!text) return null;
  const kind = (line: string) => (/^(\+\+\+|---) /.test(line) ? "" : line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : "");
  return h("pre", { class: "diff", tabindex: 0, role: "region", "aria-label": "Template, line by line" },
    ...text.split("\n").map((line) => h("span", { class: kind(line) }, visible(line) + "\n")));
}

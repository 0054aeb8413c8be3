// One stack instance: how it stands, and what happened to it.

import type { Rollout, Where } from "./document.ts";
import { h, many, moment, table, told, visible, words } from "./dom.ts";
import type { Child } from "./dom.ts";
import { link, type View } from "./fragment.ts";
import type { Ledger } from "./ledger.ts";
import { section } from "./sections.ts";
import { MEANS, SIGNS } from "./states.ts";

interface Told { at: string; what: Child[] }

export function instance(ledger: Ledger, view: View): HTMLElement | null {
  if (!view.instance) return null;
  const [key = "", id = "", name = ""] = view.instance.split("~");
  const doc = ledger.doc;
  const set = ledger.sets.indexOf(key), account = doc.accounts.id.indexOf(id), region = ledger.regions.indexOf(name);
  const close = h("a", { class: "close", href: link({ ...view, instance: "" }) }, "Close");
  const title = `Stack instance: ${visible(key)}, ${visible(id)}, ${visible(name)}`;
  const row = account < 0 ? undefined : [...ledger.rowsOf(account)].find((i) => ledger.set[i] === set && ledger.region[i] === region);
  if (row === undefined) return section("instance", title, close, h("p", {}, "There is no such stack instance on this page."));
  const state = ledger.states[ledger.state[row]!]!;
  const facts: [string, Child][] = [
    ["State", h("span", { class: `chip s-${state}` }, `${SIGNS[state]} ${words(state)}`)],
    ["Meaning", MEANS[state] ?? ""], ["Reason", told(ledger.text("reason", row))],
    ["Account", h("span", {}, told(doc.accounts.name[account]!), " ", visible(id))],
    ["Unit", told(ledger.paths[doc.accounts.unit[account]!]!)],
    ["Drift status", [ledger.text("drift", row), moment(ledger.text("drift_since", row))].filter(Boolean).join(", ")],
    ["Posture", told(ledger.text("posture", row))], ["Looked at posture", moment(ledger.text("posture_since", row))],
    ["Last operation", told(ledger.text("operation", row))],
  ];
  const history = [...doc.rollouts.flatMap((each) => inRollout(each, set, account, region)), ...drifted(ledger, set, account, region)]
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  const now = (doc.drift?.findings ?? []).filter((f) => f.stack_set === set && f.account === account && f.region === region);
  const more = doc.drift ? doc.drift.total - doc.drift.findings.length : 0;
  return section("instance", title, close,
    h("dl", {}, ...facts.filter(([, value]) => value && (typeof value === "string" || (value as HTMLElement).textContent))
      .flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
    more > 0 && h("p", { class: "note" }, `${many(more, "finding")} of the organization did not fit on this page; some may be of this stack instance: orgrollout drift --format csv`),
    now.length > 0 && h("h3", {}, "What differs"),
    now.length > 0 && table("What differs", ["Resource", "Property", "Verdict", "Expected", "Actual"], now.length, (i) => {
      const f = now[i]!;
      return [[told(f.what), " ", told(f.type), " ", told(f.id)], [told(f.path)], [words(f.verdict)], [told(f.expected || "not told")], [told(f.actual || "not told")]];
    }),
    h("h3", {}, "History"),
    doc.more_history > 0 && h("p", { class: "note" }, `The history of ${many(doc.more_history, "older finding")} did not fit on this page; some may be of this stack instance.`),
    history.length ? table("History of the stack instance", ["When", "What"], history.length, (i) => [[moment(history[i]!.at)], history[i]!.what])
      : h("p", {}, `Nothing is recorded here: the rollouts on this page did not touch it${doc.more_history || doc.kind === "rollout" ? "" : ", and the journal has no finding of it"}.`));
}

// An operation that is tried again covers what failed before, so that is followed from try to try.
// A try may be several operations, of which only some have the pair: what is left says which are not done.
function inRollout(rollout: Rollout, set: number, account: number, region: number): Told[] {
  const found: Told[] = [];
  const isHere = (where: Where[]) => where.some((each) => covers(each, account, region));
  rollout.planned.forEach((planned, index) => {
    if (planned.stack_set !== set || !covers(planned.where, account, region)) return;
    const id = h("bdi", {}, visible(rollout.rollout)), action = `${words(planned.action)}, wave ${planned.wave}, `;
    const tries = rollout.operations.filter((one) => one.planned === index);
    const left = rollout.left.filter((each) => each.planned === index && isHere(each.where)).at(-1);
    let attempt = 1, failed: Rollout["failed_in"][number] | undefined, last = rollout.created ?? "";
    for (;; attempt++) {
      const mine = tries.filter((one) => one.attempt === attempt);
      failed = rollout.failed_in.find((each) => mine.some((one) => one.id === each.operation) && isHere(each.where));
      const ended = (failed ? mine.filter((one) => one.id === failed!.operation) : mine).map((one) => one.ended ?? "").sort().at(-1);
      last = ended || mine[0]?.started || last;
      if (!failed) break;
      found.push({ at: last, what: [`${action}attempt ${attempt}, `, id.cloneNode(true), `: ${words(failed.class)}: `, told(failed.reason || "no reason given")] });
    }
    const hasBegun = tries.some((one) => one.attempt === attempt);
    if (left && (hasBegun || left.state !== "failed" || attempt === 1)) { // a failure that is final is told above
      found.push({ at: last, what: [hasBegun ? `${action}attempt ${attempt}, ` : action, id, `: ${words(left.state)}: `, told(left.reason)] });
    } else if (!left && hasBegun) found.push({ at: last, what: [`${action}attempt ${attempt}, `, id, ": done"] });
    else if (!left && attempt === 1) found.push({ at: last, what: [action, id, ": no operation is recorded"] });
  });
  return found;
}

function covers([runs, regions]: Where, account: number, region: number): boolean {
  if (!regions.includes(region)) return false;
  for (let i = 0; i < runs.length; i += 2) if (account >= runs[i]! && account < runs[i]! + runs[i + 1]!) return true;
  return false;
}

function drifted(ledger: Ledger, set: number, account: number, region: number): Told[] {
  return ledger.doc.history.filter((r) => r.stack_set === set && r.account === account && r.region === region).flatMap((r) => {
    const what = told(r.what);
    const told_: Told[] = [{ at: r.first_seen ?? "", what: [`${r.kind} found: `, what, r.came_back ? `, came back ${r.came_back} times` : null] }];
    if (r.repaired) told_.push({ at: r.repaired, what: [`${r.kind} repaired: `, told(r.what), " by ", told(r.repaired_by)] });
    if (r.gone) told_.push({ at: r.gone, what: [`${r.kind} no longer found: `, told(r.what)] });
    return told_;
  });
}

// One stack instance: how it stands, and what happened to it.

import type { Rollout, Where } from "./document.ts";
import { h, moment, named, table, told, visible, words } from "./dom.ts";
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
    ["Account", h("span", {}, named(doc.accounts.name[account]!, 120), " ", visible(id))],
    ["Unit", named(ledger.paths[doc.accounts.unit[account]!]!, 200)],
    ["Drift status", [ledger.text("drift", row), moment(ledger.text("drift_since", row))].filter(Boolean).join(", ")],
    ["Posture", told(ledger.text("posture", row))], ["Looked at posture", moment(ledger.text("posture_since", row))],
    ["Last operation", told(ledger.text("operation", row))],
  ];
  const history = [...doc.rollouts.flatMap((each) => inRollout(each, set, account, region)), ...drifted(ledger, set, account, region)]
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  const now = (doc.drift?.findings ?? []).filter((f) => f.stack_set === set && f.account === account && f.region === region);
  return section("instance", title, close,
    h("dl", {}, ...facts.filter(([, value]) => value && (typeof value === "string" || (value as HTMLElement).textContent))
      .flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
    now.length > 0 && h("h3", {}, "What differs"),
    now.length > 0 && table("What differs", ["Resource", "Property", "Verdict", "Expected", "Actual"], now.length, (i) => {
      const f = now[i]!;
      return [[named(f.what), " ", named(f.id)], [named(f.path)], [words(f.verdict)], [told(f.expected || "not told")], [told(f.actual || "not told")]];
    }),
    h("h3", {}, "History"),
    history.length ? table("History of the stack instance", ["When", "What"], history.length, (i) => [[moment(history[i]!.at)], history[i]!.what])
      : h("p", {}, "Nothing is recorded: the rollouts on this page did not touch it, and no finding was ever made."));
}

// An operation that is tried again covers what failed before, so that is followed from try to try.
function inRollout(rollout: Rollout, set: number, account: number, region: number): Told[] {
  const found: Told[] = [];
  rollout.planned.forEach((planned, index) => {
    if (planned.stack_set !== set || !covers(planned.where, account, region)) return;
    const tries = rollout.operations.filter((one) => one.planned === index).sort((a, b) => a.attempt - b.attempt);
    let takesPart = true;
    for (let attempt = 1; takesPart && tries.length; attempt++) {
      const mine = tries.filter((one) => one.attempt === attempt);
      if (!mine.length) break;
      const failed = rollout.failed_in.find((each) => mine.some((one) => one.id === each.operation) && each.where.some((w) => covers(w, account, region)));
      const one = (failed && mine.find((each) => each.id === failed.operation)) ?? mine[0]!;
      const result = failed ? `: ${words(failed.class)}: ` : one.ended ? ": done" : ": under way";
      found.push({ at: one.ended ?? one.started ?? "", what: [`${words(planned.action)}, wave ${planned.wave}, attempt ${attempt}, `,
        h("bdi", {}, visible(rollout.rollout)), result, failed ? told(failed.reason || "no reason given") : null] });
      takesPart = !!failed;
    }
    if (!tries.length) found.push({ at: rollout.created ?? "", what: [`${words(planned.action)} planned in wave ${planned.wave} of `, h("bdi", {}, visible(rollout.rollout)), "; no operation has begun"] });
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
    const what = named(r.what, 120);
    const told_: Told[] = [{ at: r.first_seen ?? "", what: [`${r.kind} found: `, what, r.came_back ? `, came back ${r.came_back} times` : null] }];
    if (r.repaired) told_.push({ at: r.repaired, what: [`${r.kind} repaired: `, named(r.what, 120), " by ", told(r.repaired_by)] });
    if (r.gone) told_.push({ at: r.gone, what: [`${r.kind} no longer found: `, named(r.what, 120)] });
    return told_;
  });
}

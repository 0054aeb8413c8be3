// The page: reads the document once, draws everything, and draws again where the fragment changes.

import type { Document } from "./document.ts";
import { add, count, h, many, moment, table, told, visible, words } from "./dom.ts";
import { isEmpty, link, read, type View } from "./fragment.ts";
import { HeatMap } from "./heat.ts";
import { instance } from "./instance.ts";
import { Kept } from "./kept.ts";
import { type Counts, isUnknown, Ledger } from "./ledger.ts";
import { follow } from "./live.ts";
import { drift, failures, instanceLink, plan, posture, rollouts, section } from "./sections.ts";
import { MEANS, QUIET, SIGNS, WORST_FIRST } from "./states.ts";

const TYPING = 60; // milliseconds without a key before the filter is applied

class Page {
  private ledger!: Ledger;
  private heat!: HeatMap;
  private readonly main = document.getElementById("page")!;
  private readonly states = h("div", { class: "states", role: "group", "aria-label": "States" });
  private readonly summary = h("p", { class: "result", role: "status" });
  private readonly list = h("div");
  private readonly detail = h("div");
  private fields: Record<"q" | "ou" | "account" | "region" | "set", HTMLInputElement | HTMLSelectElement> | null = null;
  private waiting = 0;
  private shownInstance = "";

  show(doc: Document): void {
    this.apply();
    const old = this.heat as HeatMap | undefined;
    this.ledger = new Ledger(doc);
    this.heat = new HeatMap(this.ledger);
    if (old) this.heat.takeOver(old);
    document.title = `${visible(doc.name)}: orgrollout`;
    const kept = old ? new Kept(this.main) : null;
    this.main.replaceChildren(
      h("a", { class: "skip", href: "#heat" , click: (event: Event) => { event.preventDefault(); document.getElementById("heat")!.scrollIntoView(); document.getElementById("heat-title")!.focus(); } }, "Skip to the heat map"),
      this.header(doc), this.filters(), this.detail,
      section("heat", "Where it stands", this.summary, this.heat.element, this.legend()),
      section("list", "Stack instances", this.list));
    document.getElementById("heat-title")!.setAttribute("tabindex", "-1");
    for (const each of [failures(doc), rollouts(doc), drift(this.ledger), posture(this.ledger), plan(doc), this.commands(doc)]) {
      if (each) this.main.appendChild(each);
    }
    this.draw();
    kept?.restore();
  }

  draw(): void {
    const began = performance.now(), view = read();
    this.fill(view);
    const shown = this.ledger.matches(view);
    const counts = this.heat.draw(shown, view);
    this.drawStates(counts, view);
    this.drawList(shown, view);
    const found = counts.totals.reduce((a, b) => a + b, 0), unknown = this.unknown(view);
    this.summary.textContent = isEmpty(view) ? `${many(found, "stack instance")}.`
      : `The filter leaves ${count(found)} of ${many(this.ledger.size, "stack instance")}.${unknown.length ? ` There is ${unknown.join(" and ")} on this page.` : ""}`;
    const detail = instance(this.ledger, view);
    this.detail.replaceChildren(...(detail ? [detail] : []));
    if (detail && view.instance !== this.shownInstance) {
      const title = detail.querySelector("h2")!;
      title.setAttribute("tabindex", "-1");
      title.focus();
      detail.scrollIntoView();
    }
    this.shownInstance = view.instance;
    this.main.dataset.took = String(Math.round(performance.now() - began));
    this.main.dataset.found = String(found);
  }

  private header(doc: Document): HTMLElement {
    const what = doc.kind === "rollout" ? "Rollout" : "Manifest";
    const sums = doc.sum.map((s) => `${visible(s.stack_set)}: ${count(s.accounts)} accounts × ${many(s.regions, "Region")}${s.besides ? ` + ${count(s.besides)} elsewhere` : ""}`);
    const total = Object.values(doc.summary).reduce((a, b) => a + b, 0);
    return h("header", {}, h("h1", {}, `${what} `, told(doc.name)),
      h("p", { class: "dim" }, "Organization ", visible(doc.organization), ", home Region ", visible(doc.home_region), ", as of ",
        h("time", { datetime: doc.made }, moment(doc.made)), ". ", h("span", { id: "live", role: "status" })),
      ...doc.notes.map((text) => h("p", { class: "note" }, told(text))),
      this.states,
      sums.length > 0 && h("details", { class: "sum", "data-keep": "sum" }, h("summary", {}, `The states add up to ${count(total)}`),
        h("ul", {}, ...sums.map((text) => h("li", {}, h("bdi", {}, text))))),
      ...doc.not_checked.map((text) => h("p", { class: "note" }, "Not looked at: ", text, ". `current` says nothing of that.")));
  }

  private drawStates(counts: Counts, view: View): void {
    const { ledger } = this;
    const order = [...ledger.states].sort((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b));
    const focused = (document.activeElement as HTMLElement | null)?.dataset.state;
    const used = order.filter((s) => ledger.doc.summary[s] || view.state.includes(s));
    this.states.replaceChildren(...used.map((state) => {
      const chosen = view.state.includes(state);
      const next = chosen ? view.state.filter((s) => s !== state) : [...view.state, state];
      const all = ledger.doc.summary[state] ?? 0, now = counts.totals[ledger.states.indexOf(state)]!;
      return h("button", { type: "button", class: `tile s-${state}`, "aria-pressed": String(chosen), "data-state": state, title: MEANS[state],
        click: () => this.go({ ...view, state: next }) },
      h("span", { class: "number" }, count(all)), h("span", { class: "what" }, h("span", { "aria-hidden": "true" }, `${SIGNS[state] ?? ""} `), words(state)),
      now !== all && !view.state.length ? h("span", { class: "left" }, `${count(now)} here`) : null);
    }));
    if (focused) this.states.querySelector<HTMLElement>(`[data-state="${focused}"]`)?.focus();
  }

  private legend(): HTMLElement {
    return h("details", { class: "legend", "data-keep": "legend" }, h("summary", {}, "What the signs mean"),
      h("ul", {}, ...[...this.ledger.states].sort((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b)).map((state) =>
        h("li", {}, h("span", { class: `chip s-${state}` }, `${SIGNS[state] ?? ""} ${words(state)}`), ` ${MEANS[state] ?? ""}`))),
      h("p", {}, "A cell shows the worst state in it and how many stack instances are in that state. Arrow keys move from cell to cell, Enter narrows the page to a cell, or opens a stack instance."));
  }

  private filters(): HTMLElement {
    const { ledger } = this;
    const input = (id: "q" | "account" | "ou", label: string, type: string, list?: string) => {
      const made = h("input", { id, type, list, autocomplete: "off", spellcheck: "false", input: () => this.typed() }) as HTMLInputElement;
      return [made, h("label", {}, label, made)] as const;
    };
    const select = (id: "region" | "set", label: string, options: string[]) => {
      const made = h("select", { id, change: () => this.typed(0) }, h("option", { value: "" }, "all"),
        ...options.map((text) => h("option", { value: text }, visible(text).slice(0, 80)))) as HTMLSelectElement;
      return [made, h("label", {}, label, made)] as const;
    };
    const [q, qLabel] = input("q", "Text", "search");
    const [ou, ouLabel] = input("ou", "Unit", "search", "units");
    const [account, accountLabel] = input("account", "Account id", "search");
    const [region, regionLabel] = select("region", "Region", [...ledger.regions].sort());
    const [set, setLabel] = select("set", "Stack set", ledger.sets.filter((_, i) => ledger.hasRows[i]));
    this.fields = { q, ou, account, region, set };
    const units = h("datalist", { id: "units" }, ...ledger.paths.slice(0, 2000).map((path) => h("option", { value: path })));
    return h("form", { class: "filters", role: "search", "aria-label": "Filter", submit: (event: Event) => { event.preventDefault(); this.typed(0); } },
      qLabel, setLabel, regionLabel, ouLabel, accountLabel, units,
      h("button", { type: "button", click: () => this.go({ ...read(), state: [], ou: "", account: "", region: "", set: "", q: "" }) }, "Clear"));
  }

  private typed(wait = TYPING): void {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.apply(), wait);
  }

  // What was typed is the filter, also where it names nothing on this page: then nothing is left.
  private apply(): void {
    if (!this.waiting) return;
    clearTimeout(this.waiting);
    this.waiting = 0;
    const { q, ou, account, region, set } = this.fields!;
    this.go({ ...read(), q: q.value, region: region.value, set: set.value, ou: ou.value, account: account.value.trim() });
  }

  // What the filter names, and the page has not.
  private unknown(view: View): string[] {
    const { paths, doc } = this.ledger, { ou, account } = this.fields!;
    const noUnit = !!view.ou && !paths.includes(view.ou), noAccount = !!view.account && !doc.accounts.id.includes(view.account);
    ou.setAttribute("aria-invalid", String(noUnit));
    account.setAttribute("aria-invalid", String(noAccount));
    return [...(noUnit ? [`no unit ${visible(view.ou)}`] : []), ...(noAccount ? [`no account ${visible(view.account)}`] : [])];
  }

  private go(view: View): void {
    history.replaceState(null, "", link(view));
    this.draw();
  }

  private fill(view: View): void {
    for (const [name, field] of Object.entries(this.fields!)) {
      const value = view[name as "q"];
      if (field.value !== value && document.activeElement !== field) field.value = value;
    }
  }

  private drawList(shown: Uint8Array, view: View): void {
    const { ledger } = this, doc = ledger.doc;
    const order = ledger.worstFirst(shown, (state) => !isEmpty(view) || !QUIET.has(state));
    if (!order.length) {
      this.list.replaceChildren(h("p", {}, isEmpty(view) ? this.nothingToList(shown) : "The filter leaves none."));
      return;
    }
    const hasPosture = doc.texts.posture.length > 1, hasDrift = doc.texts.drift.some(Boolean);
    const headers = ["State", "Stack instance", "Unit", "Reason", ...(hasDrift ? ["Drift"] : []), ...(hasPosture ? ["Posture"] : [])];
    this.list.replaceChildren(
      h("p", { class: "dim" }, isEmpty(view) ? `${many(order.length, "stack instance")} to look at: all that are neither ${doc.kind === "rollout" ? "done" : "current"} nor left out`
        + `${hasPosture ? ", and all whose posture is broken" : ""}.` : many(order.length, "stack instance") + "."),
      table("Stack instances, the worst first", headers, order.length, (i) => {
        const row = order[i]!, state = ledger.states[ledger.state[row]!]!;
        return [[h("span", { class: `chip s-${state}` }, `${SIGNS[state] ?? ""} ${words(state)}`)], [instanceLink(ledger, row)],
          [told(ledger.paths[doc.accounts.unit[ledger.account[row]!]!]!)], [told(ledger.text("reason", row))],
          ...(hasDrift ? [[words(ledger.text("drift", row)).toLowerCase()]] : []), ...(hasPosture ? [[told(ledger.text("posture", row))]] : [])];
      }));
  }

  // Only what was looked at can be told: an unknown posture is not good, and drift may never have been looked for.
  private nothingToList(shown: Uint8Array): string {
    const { ledger } = this, { doc } = ledger, skipped = doc.summary.skipped ?? 0;
    if (!ledger.size) return "There are no stack instances on this page.";
    if (doc.kind === "rollout") {
      return `The rollout has carried out all of it${skipped ? `, apart from ${many(skipped, "stack instance")} that it skipped` : ""}. A filter shows any of them.`;
    }
    const unknown = ledger.withPosture(shown, isUnknown);
    return "No stack instance is in a state to look at. "
      + (unknown ? `The posture of ${count(unknown)} is unknown: see Posture. ` : "")
      + (doc.not_checked.length ? "What was not looked at is listed at the top of this page. " : "")
      + "A filter shows any of them.";
  }

  private commands(doc: Document): HTMLElement | null {
    if (!doc.commands.length) return null;
    return section("commands", "Commands", h("p", { class: "dim" }, "This page changes nothing. To copy:"),
      h("ul", { class: "commands" }, ...doc.commands.map(({ what, command }) => {
        const copy = h("button", { type: "button", "aria-label": `Copy the command: ${what}`, click: () => {
          void navigator.clipboard?.writeText(command).then(() => { copy.textContent = "Copied"; });
        } }, "Copy");
        return h("li", {}, `${what}: `, h("code", {}, visible(command)), " ", Boolean(navigator.clipboard) && copy);
      })));
  }
}

function start(): void {
  const page = new Page();
  page.show(JSON.parse(document.getElementById("document")!.textContent!) as Document);
  addEventListener("hashchange", () => page.draw());
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  follow((doc) => page.show(doc));
}

try {
  start();
} catch (error) {
  const said = h("pre", { role: "alert" });
  add(said, ["This page could not be drawn. ", String(error)]);
  document.body.appendChild(said);
  throw error;
}

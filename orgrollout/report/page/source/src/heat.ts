// The heat map: units and accounts down, stack sets and Regions across. Both fold.

import { count, h, many, named, visible, words } from "./dom.ts";
import { link, type View } from "./fragment.ts";
import { Counts, type Ledger } from "./ledger.ts";
import { QUIET, SIGNS, WORST_FIRST } from "./states.ts";

interface Column { set: number; region: number; key: string } // region -1: all of them
const STEP = 100; // accounts that are drawn of a unit at a time
const ROOMY = 900; // pixels: below, stack sets begin folded
const MOST_COLUMNS = 24; // above, too

export class HeatMap {
  readonly element = h("div");
  private readonly openUnits = new Set<number>();
  private readonly openSets = new Set<number>();
  private readonly drawn = new Map<number, number>(); // accounts of a unit that are drawn
  private readonly regionsOf: number[][];
  private columns: Column[] = [];
  private places = new Map<number, number>(); // set and Region to column
  private counts!: Counts;
  private focused = "";
  private at = [0, 0]; // how far it is scrolled
  private scrolls = h("div", { class: "scrolls" });

  constructor(private readonly ledger: Ledger) {
    const found = ledger.sets.map(() => new Set<number>());
    for (let i = 0; i < ledger.size; i++) found[ledger.set[i]!]!.add(ledger.region[i]!);
    this.regionsOf = found.map((regions) => [...regions].sort((a, b) => a - b));
    for (const root of ledger.roots) this.openUnits.add(root);
    const all = this.regionsOf.reduce((sum, regions) => sum + regions.length, 0);
    if (all <= MOST_COLUMNS && innerWidth >= ROOMY) ledger.sets.forEach((_, set) => this.openSets.add(set));
    this.element.append(this.tools(), this.scrolls);
    this.element.addEventListener("focusin", (event) => {
      const key = (event.target as HTMLElement).dataset.key;
      if (key) this.focused = key;
    });
    if (ledger.doc.accounts.id.length <= STEP) ledger.paths.forEach((_, unit) => this.openUnits.add(unit));
  }

  // Keeps what was open when the document is read again.
  takeOver(other: HeatMap): void {
    const unit = new Map(this.ledger.paths.map((path, i) => [path, i]));
    this.openUnits.clear();
    for (const each of other.openUnits) {
      const mine = unit.get(other.ledger.paths[each]!);
      if (mine !== undefined) this.openUnits.add(mine);
    }
    this.openSets.clear();
    for (const each of other.openSets) {
      const mine = this.ledger.sets.indexOf(other.ledger.sets[each]!);
      if (mine >= 0) this.openSets.add(mine);
    }
    for (const [each, accounts] of other.drawn) {
      const mine = unit.get(other.ledger.paths[each]!);
      if (mine !== undefined) this.drawn.set(mine, accounts);
    }
    this.focused = other.focused;
    this.refocus = other.scrolls.contains(document.activeElement);
    this.at = [other.scrolls.scrollLeft, other.scrolls.scrollTop];
  }

  draw(shown: Uint8Array, view: View): Counts {
    this.lay();
    const { ledger, places } = this;
    const of = new Int32Array(ledger.sets.length * ledger.regions.length);
    for (const [place, column] of places) of[place] = column;
    const width = ledger.regions.length;
    this.counts = new Counts(ledger, shown, (row) => of[ledger.set[row]! * width + ledger.region[row]!]!, this.columns.length);
    this.paint(view);
    return this.counts;
  }

  private lay(): void {
    this.columns = [];
    this.places = new Map();
    const width = this.ledger.regions.length;
    this.regionsOf.forEach((regions, set) => {
      if (!regions.length) return; // only an older rollout names it
      const opened = this.openSets.has(set);
      if (!opened) this.columns.push({ set, region: -1, key: `${set}` });
      for (const region of regions) {
        if (opened) this.columns.push({ set, region, key: `${set}.${region}` });
        this.places.set(set * width + region, this.columns.length - 1);
      }
    });
  }

  private paint(view: View): void {
    this.view = view;
    const body = h("tbody");
    for (const root of this.ledger.roots) this.unit(body, root, 0, view);
    const table = h("table", { class: "heat", role: "grid", "aria-label": "Units and accounts by stack set and Region", keydown: this.move as EventListener },
      this.head(), body);
    const { scrolls } = this, at = scrolls.firstChild ? [scrolls.scrollLeft, scrolls.scrollTop] : this.at;
    const refocus = this.refocus || scrolls.contains(document.activeElement);
    const focused = this.focused;
    scrolls.replaceChildren(table);
    scrolls.scrollLeft = at[0]!;
    scrolls.scrollTop = at[1]!;
    const first = table.querySelector<HTMLElement>("[data-key]");
    const again = [...table.querySelectorAll<HTMLElement>("[data-key]")].find((each) => each.dataset.key === focused);
    (again ?? first)?.setAttribute("tabindex", "0");
    if (refocus) (again ?? first)?.focus({ preventScroll: true });
    this.refocus = false;
  }
  private refocus = false;

  private again(view: View): void {
    this.refocus = true;
    this.draw(this.counts.shown, view);
  }

  private tools(): HTMLElement {
    const tool = (text: string, does: () => void) =>
      h("button", { type: "button", "data-tool": text, click: () => { does(); this.draw(this.counts.shown, this.view!); } }, text);
    return h("p", { class: "tools" },
      tool("Unfold units", () => this.ledger.paths.forEach((_, unit) => { if (this.ledger.children[unit]!.length) this.openUnits.add(unit); })),
      tool("Fold units", () => { this.openUnits.clear(); this.drawn.clear(); }),
      tool("Unfold Regions", () => this.ledger.sets.forEach((_, set) => this.openSets.add(set))),
      tool("Fold Regions", () => this.openSets.clear()));
  }

  private head(): HTMLElement {
    const opened = this.columns.some((column) => column.region >= 0);
    const sets = this.ledger.sets.map((name, set) => {
      if (!this.ledger.hasRows[set]) return null;
      const isOpen = this.openSets.has(set), regions = this.regionsOf[set]!.length;
      return h("th", { scope: "colgroup", colspan: isOpen ? regions : 1, rowspan: isOpen || !opened ? 1 : 2, class: "set" },
        h("button", { type: "button", class: "fold", "aria-expanded": String(isOpen), "data-key": `set ${set}`, tabindex: -1,
          "aria-label": `${visible(name)}: ${many(regions, "Region")}`, title: visible(name),
          click: () => { this.toggle(this.openSets, set); this.focused = `set ${set}`; this.again(this.view!); } },
        h("span", { "aria-hidden": "true" }, isOpen ? "▾ " : "▸ "), named(name, 28)));
    });
    const corner = h("th", { scope: "col", rowspan: opened ? 2 : 1, class: "place" }, "Unit or account");
    const second = this.columns.filter((column) => column.region >= 0)
      .map((column) => h("th", { scope: "col", class: "region" }, h("span", {}, named(this.ledger.regions[column.region]!, 20))));
    return h("thead", {}, h("tr", {}, corner, ...sets), opened && h("tr", {}, ...second));
  }
  private view: View | null = null;

  private toggle(set: Set<number>, each: number): void { if (!set.delete(each)) set.add(each); }

  private unit(body: HTMLElement, unit: number, depth: number, view: View): void {
    if (!this.counts.inUnit[unit]) return;
    const { ledger } = this, isOpen = this.openUnits.has(unit), path = ledger.paths[unit]!;
    const members = ledger.members[unit]!.filter((a) => this.counts.matched[a]);
    const key = `unit ${unit}`, name = depth ? ledger.doc.units.name[unit]! : path;
    const fold = h("button", { type: "button", class: "fold", "aria-expanded": String(isOpen), "data-key": key, tabindex: -1,
      click: () => { this.toggle(this.openUnits, unit); this.focused = key; this.again(view); } },
      h("span", { "aria-hidden": "true" }, isOpen ? "▾ " : "▸ "), named(name, 40));
    const zoom = h("a", { class: "zoom", href: link({ ...view, ou: path, instance: "" }), "data-key": `zoom ${unit}`, tabindex: -1,
      "aria-label": `Show only ${visible(path)}` }, "⌕");
    const head = h("th", { scope: "row", class: `place d${Math.min(depth, 8)}` }, fold, " ", zoom,
      h("span", { class: "size" }, count(this.counts.inUnit[unit]!)));
    const cells = this.columns.map((column, i) => this.cell(this.counts.cell(unit, i), `${key} ${column.key}`, {
      ...view, ou: path, set: ledger.sets[column.set]!, region: column.region < 0 ? view.region : ledger.regions[column.region]!, instance: "",
    }));
    body.appendChild(h("tr", { class: "unit" }, head, ...cells));
    if (!isOpen) return;
    for (const child of ledger.children[unit]!) this.unit(body, child, depth + 1, view);
    const limit = this.drawn.get(unit) ?? STEP;
    for (const account of members.slice(0, limit)) body.appendChild(this.account(account, depth + 1, view));
    if (members.length > limit) {
      const left = members.length - limit;
      const more = h("button", { type: "button", "data-key": `more ${unit}`, tabindex: -1, click: () => {
        this.drawn.set(unit, limit + STEP);
        this.focused = `more ${unit}`;
        this.again(view);
      } }, `Show ${count(Math.min(STEP, left))} more of ${count(left)} accounts`);
      body.appendChild(h("tr", {}, h("th", { scope: "row", class: `place d${Math.min(depth + 1, 8)}` }, more),
        h("td", { colspan: this.columns.length })));
    }
  }

  private account(account: number, depth: number, view: View): HTMLElement {
    const { ledger } = this, accounts = ledger.doc.accounts, states = ledger.states.length;
    const found = this.columns.map(() => new Uint32Array(states));
    const width = ledger.regions.length;
    for (const row of ledger.rowsOf(account)) {
      if (!this.counts.shown[row]) continue;
      found[this.places.get(ledger.set[row]! * width + ledger.region[row]!)!]![ledger.state[row]!]!++;
    }
    const id = accounts.id[account]!;
    const cells = this.columns.map((column, i) => {
      const set = ledger.sets[column.set]!;
      const to = column.region < 0 ? { ...view, account: id, set, instance: "" }
        : { ...view, instance: [set, id, ledger.regions[column.region]!].join("~") };
      return this.cell(found[i]!, `account ${account} ${column.key}`, to);
    });
    const name = accounts.name[account]!;
    return h("tr", {}, h("th", { scope: "row", class: `place account d${Math.min(depth, 8)}` },
      h("a", { href: link({ ...view, account: id, instance: "" }), "data-key": `account ${account}`, tabindex: -1 },
        name ? named(name, 32) : null, name ? " " : null, h("span", { class: "id" }, visible(id)))), ...cells);
  }

  // The worst state of a cell, with how many are in it; a screen reader hears all of them.
  private cell(states: Uint32Array, key: string, to: View): HTMLElement {
    let worst = "", all = 0;
    const said: string[] = [];
    for (const name of WORST_FIRST) {
      const number = states[this.ledger.states.indexOf(name)] ?? 0;
      if (!number) continue;
      worst ||= name;
      all += number;
      said.push(`${count(number)} ${words(name)}`);
    }
    if (!all) return h("td", { class: "none" });
    const here = states[this.ledger.states.indexOf(worst)]!;
    const share = QUIET.has(worst) || here / all > 0.5 ? "" : here / all > 0.1 ? " some" : " few";
    const text = SIGNS[worst]! + (all > 1 ? " " + short(here) : "");
    return h("td", { class: `s-${worst}${share}` },
      h("a", { href: link(to), "data-key": key, tabindex: -1, "aria-label": said.join(", "), title: said.join(", ") }, text));
  }

  // Arrow keys go from cell to cell, so that one press of Tab leaves the table.
  private readonly move = (event: KeyboardEvent): void => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const from = event.target as HTMLElement, cell = from.closest("td, th") as HTMLTableCellElement | null;
    if (!step || !cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...this.element.querySelectorAll("tr")], row = rows.indexOf(cell.parentElement as HTMLTableRowElement);
    let to: HTMLElement | undefined;
    if (step[0] === 0) {
      const all = [...cell.parentElement!.querySelectorAll<HTMLElement>("[data-key]")];
      to = all[all.indexOf(from) + step[1]!];
    } else {
      for (let i = row + step[0]!; !to && rows[i]; i += step[0]!) { // past rows with nothing to go to
        const next = rows[i]!.cells[cell.cellIndex] ?? rows[i]!.cells[0];
        to = next?.querySelector<HTMLElement>("[data-key]") ?? undefined;
      }
    }
    if (!to) return;
    event.preventDefault();
    this.element.querySelector("[data-key][tabindex='0']")?.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
    this.focused = to.dataset.key!;
  };
}

function short(n: number): string {
  return n < 1000 ? String(n) : n < 10_000 ? `${(n / 1000).toFixed(1)}k` : `${Math.round(n / 1000)}k`;
}

// The ledger in typed arrays, and what a filter leaves of it. One pass over all rows answers it.

import type { Document } from "./document.ts";
import { WORST_FIRST } from "./states.ts";

export interface Filter { state: string[]; ou: string; account: string; region: string; set: string; q: string }
export const EMPTY: Filter = { state: [], ou: "", account: "", region: "", set: "", q: "" };

export const isBroken = (posture: string) => posture.startsWith("broken");
export const isUnknown = (posture: string) => posture.startsWith("unknown");

export class Ledger {
  readonly size: number;
  readonly account: Uint32Array; readonly set: Uint16Array; readonly region: Uint16Array;
  readonly state: Uint8Array; readonly reason: Uint32Array; readonly posture: Uint32Array;
  readonly sets: string[]; readonly hasRows: boolean[]; // of each stack set: an older rollout may name another
  readonly regions: string[]; readonly states: string[];
  readonly severity: Uint8Array; // of each state; less is worse
  readonly children: number[][] = []; // units of a unit
  readonly members: number[][] = []; // accounts of a unit
  readonly paths: string[] = [];
  readonly roots: number[] = [];
  private readonly first: Uint32Array; // rows of an account: from first[a] to first[a + 1] of `byAccount`
  private readonly byAccount: Uint32Array;

  constructor(readonly doc: Document) {
    const rows = doc.rows;
    this.size = rows.account.length;
    this.account = Uint32Array.from(rows.account);
    this.set = Uint16Array.from(rows.stack_set);
    this.region = Uint16Array.from(rows.region);
    this.state = Uint8Array.from(rows.state);
    this.reason = Uint32Array.from(rows.reason);
    this.posture = Uint32Array.from(rows.posture);
    this.sets = doc.texts.stack_set;
    this.hasRows = this.sets.map(() => false);
    for (const set of this.set) this.hasRows[set] = true;
    this.regions = doc.texts.region;
    this.states = doc.texts.state;
    this.severity = Uint8Array.from(this.states, (s) => {
      const at = WORST_FIRST.indexOf(s);
      return at < 0 ? WORST_FIRST.length : at;
    });
    doc.units.name.forEach((name, unit) => {
      const parent = doc.units.parent[unit]!;
      this.children.push([]);
      this.members.push([]);
      if (parent < 0) this.roots.push(unit);
      else this.children[parent]!.push(unit);
      const above = parent < 0 ? "" : this.paths[parent]!;
      this.paths.push(parent < 0 ? name : `${above === "/" ? "" : above}/${name}`);
    });
    doc.accounts.unit.forEach((unit, account) => this.members[unit]!.push(account));
    const accounts = doc.accounts.id.length;
    this.first = new Uint32Array(accounts + 1);
    for (const a of this.account) this.first[a + 1]!++;
    for (let a = 0; a < accounts; a++) this.first[a + 1]! += this.first[a]!;
    const next = this.first.slice();
    this.byAccount = new Uint32Array(this.size);
    for (let i = 0; i < this.size; i++) this.byAccount[next[this.account[i]!]!++] = i;
  }

  rowsOf(account: number): Uint32Array {
    return this.byAccount.subarray(this.first[account]!, this.first[account + 1]!);
  }

  text(column: "reason" | "drift" | "posture" | "operation" | "drift_since" | "posture_since", row: number): string {
    return this.doc.texts[column][this.doc.rows[column][row]!] ?? "";
  }

  // Every unit below a unit, itself included; none where there is no such unit.
  below(unit: number): Set<number> {
    const found = new Set(unit < 0 ? [] : [unit]);
    for (const each of found) for (const child of this.children[each]!) found.add(child);
    return found;
  }

  // Each text is looked at once, and each row then costs a few reads of tables.
  matches(filter: Filter): Uint8Array {
    const accounts = this.doc.accounts;
    const wanted = filter.q.toLowerCase();
    const under = filter.ou ? this.below(this.paths.indexOf(filter.ou)) : null; // a unit that is not here has nothing
    const table = (texts: string[], is: (text: string, i: number) => boolean) =>
      Uint8Array.from(texts, (text, i) => (is(text, i) ? 1 : 0));
    const has = (text: string) => text.toLowerCase().includes(wanted);
    const unitHas = table(this.paths, has);
    const fits = table(accounts.id, (id, a) => (!under || under.has(accounts.unit[a]!)) && (!filter.account || id === filter.account));
    const stateFits = table(this.states, (s) => !filter.state.length || filter.state.includes(s));
    const setFits = table(this.sets, (s) => !filter.set || s === filter.set);
    const regionFits = table(this.regions, (r) => !filter.region || r === filter.region);
    const accountHas = table(accounts.id, (id, a) => has(id) || has(accounts.name[a]!) || unitHas[accounts.unit[a]!] === 1);
    const setHas = table(this.sets, has), regionHas = table(this.regions, has), stateHas = table(this.states, has);
    const reasonHas = table(this.doc.texts.reason, has), postureHas = table(this.doc.texts.posture, has);
    const found = new Uint8Array(this.size);
    const { account, set, region, state, reason, posture } = this;
    for (let i = 0; i < this.size; i++) {
      const a = account[i]!, s = set[i]!, r = region[i]!, t = state[i]!;
      found[i] = fits[a]! & stateFits[t]! & setFits[s]! & regionFits[r]!
        & (accountHas[a]! | setHas[s]! | regionHas[r]! | stateHas[t]! | reasonHas[reason[i]!]! | postureHas[posture[i]!]!);
    }
    return found;
  }

  // How many of the rows that are shown have such a posture.
  withPosture(shown: Uint8Array, is: (text: string) => boolean): number {
    const fits = this.doc.texts.posture.map(is);
    let found = 0;
    for (let i = 0; i < this.size; i++) if (shown[i] && fits[this.posture[i]!]) found++;
    return found;
  }

  // The rows that are shown, the worst first; only states that are meant, and what is broken.
  worstFirst(shown: Uint8Array, isMeant: (state: string) => boolean): Uint32Array {
    const meant = this.states.map(isMeant), broken = this.doc.texts.posture.map(isBroken);
    const isListed = (i: number) => shown[i] && (meant[this.state[i]!] || broken[this.posture[i]!]);
    const counts = new Uint32Array(this.states.length);
    for (let i = 0; i < this.size; i++) if (isListed(i)) counts[this.state[i]!]!++;
    const order = this.states.map((_, state) => state)
      .sort((a, b) => this.severity[a]! - this.severity[b]!);
    const next = new Uint32Array(this.states.length);
    let all = 0;
    for (const state of order) {
      next[state] = all;
      all += counts[state]!;
    }
    const found = new Uint32Array(all);
    for (let i = 0; i < this.size; i++) if (isListed(i)) found[next[this.state[i]!]!++] = i;
    return found;
  }
}

// How many of which state there are in each unit and column, below it included.
export class Counts {
  readonly totals: Uint32Array; // by state
  readonly matched: Uint32Array; // rows, by account
  readonly inUnit: Uint32Array; // rows, by unit
  private readonly cells: Uint32Array;
  private readonly width: number;

  constructor(readonly ledger: Ledger, readonly shown: Uint8Array, columnOf: (row: number) => number, columns: number) {
    const states = ledger.states.length, units = ledger.paths.length;
    this.width = columns * states;
    this.cells = new Uint32Array(units * this.width);
    this.totals = new Uint32Array(states);
    this.matched = new Uint32Array(ledger.doc.accounts.id.length);
    this.inUnit = new Uint32Array(units);
    const unitOf = ledger.doc.accounts.unit;
    for (let i = 0; i < ledger.size; i++) {
      if (!shown[i]) continue;
      const a = ledger.account[i]!, state = ledger.state[i]!, unit = unitOf[a]!;
      this.totals[state]!++;
      this.matched[a]!++;
      this.inUnit[unit]!++;
      this.cells[unit * this.width + columnOf(i) * states + state]!++;
    }
    for (let unit = units - 1; unit >= 0; unit--) { // a unit comes after the one it is in
      const parent = ledger.doc.units.parent[unit]!;
      if (parent < 0) continue;
      this.inUnit[parent]! += this.inUnit[unit]!;
      for (let k = 0; k < this.width; k++) this.cells[parent * this.width + k]! += this.cells[unit * this.width + k]!;
    }
  }

  cell(unit: number, column: number): Uint32Array {
    const states = this.ledger.states.length, from = unit * this.width + column * states;
    return this.cells.subarray(from, from + states);
  }
}

// built from source/ (sources 76c2c0f54e23fe9ccb7f2ced9c33f3ca8a24292e384be24202402cd2ed1ebe9c) by `make page`
"use strict";
(() => {
  // src/dom.ts
  function h(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value2] of Object.entries(attributes)) {
      if (typeof value2 === "function") made.addEventListener(key, value2);
      else if (value2 === true) made.setAttribute(key, "");
      else if (value2 !== false && value2 !== void 0) made.setAttribute(key, String(value2));
    }
    add(made, children);
    return made;
  }
  function add(to, children) {
    for (const child of children) {
      if (child === null || child === void 0 || child === false) continue;
      to.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
    }
  }
  var UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  function visible(text) {
    return text.replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  }
  var LONG = 300;
  function told(text) {
    const shown = visible(text);
    if (shown.length <= LONG) return h("bdi", {}, shown);
    const all = h("bdi", {}, [...shown.slice(0, LONG)].join("") + "\u2026");
    const more = h(
      "button",
      { class: "link", type: "button", click: () => {
        all.textContent = shown;
        more.remove();
      } },
      `all ${count(shown.length)} characters`
    );
    return h("span", {}, all, " ", more);
  }
  function named(text, most = 60) {
    const shown = visible(text);
    return h("bdi", {}, shown.length > most ? shown.slice(0, most) + "\u2026" : shown);
  }
  function count(n) {
    return n.toLocaleString("en-US");
  }
  function many(n, what) {
    return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
  }
  function moment(iso) {
    if (!iso) return "";
    const at = new Date(iso);
    const two = (n) => String(n).padStart(2, "0");
    const east = -at.getTimezoneOffset(), off = Math.abs(east);
    return isNaN(at.getTime()) ? visible(iso) : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}${east < 0 ? "-" : "+"}${two(Math.floor(off / 60))}:${two(off % 60)}`;
  }
  function span(ms) {
    const seconds = Math.round(ms / 1e3);
    if (seconds < 90) return `${seconds} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
  }
  function words(name) {
    return name.replace(/_/g, " ");
  }
  function table(caption, headers, rows, row, step = 50) {
    const body = h("tbody");
    const more = h("button", { type: "button", class: "more" });
    let made = 0;
    const next = () => {
      const end = Math.min(made + step, rows);
      for (; made < end; made++) {
        const cells = row(made).map((cell, i) => {
          const td = h("td", { "data-label": headers[i] });
          add(td, cell);
          return td;
        });
        body.appendChild(h("tr", {}, ...cells));
      }
      more.textContent = `Show ${count(Math.min(step, rows - made))} more of ${count(rows - made)}`;
      more.hidden = made >= rows;
    };
    more.addEventListener("click", next);
    next();
    const head = h("tr", {}, ...headers.map((text) => h("th", { scope: "col" }, text)));
    return h(
      "div",
      { "data-table": caption },
      h(
        "div",
        { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
        h("table", { class: "list" }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), body)
      ),
      more
    );
  }

  // src/states.ts
  var SIGNS = {
    failed: "\u2717",
    inoperable: "\u203C",
    blocked: "\u2298",
    missing: "\u25CB",
    drifted: "\u2260",
    orphaned: "?",
    outdated: "\u21BB",
    in_progress: "\u25B6",
    pending: "\u2026",
    current: "\u2713",
    done: "\u2713",
    skipped: "\u2013",
    excluded: "\xB7",
    waived: "\u29D6",
    out_of_scope: "\xB7"
  };
  var WORST_FIRST = Object.keys(SIGNS);
  var MEANS = {
    current: "has what the manifest says",
    outdated: "another version, or other parameters",
    pending: "a later part of an open rollout",
    in_progress: "an operation is under way",
    failed: "the last operation failed",
    blocked: "a policy, or a failure before it, keeps it from being done",
    missing: "wanted, and there is none",
    drifted: "a resource was changed by hand",
    inoperable: "CloudFormation cannot work on it",
    orphaned: "deployed, and no longer wanted",
    skipped: "the account is suspended or being closed",
    excluded: "the manifest excludes it",
    waived: "accepted for a time: a waiver of the manifest says why",
    out_of_scope: "the manifest does not target it",
    done: "the rollout has carried it out"
  };
  var QUIET = /* @__PURE__ */ new Set(["current", "done", "skipped", "excluded", "waived", "out_of_scope"]);

  // src/ledger.ts
  var EMPTY = { state: [], ou: "", account: "", region: "", set: "", q: "" };
  var isBroken = (posture2) => posture2.startsWith("broken");
  var isUnknown = (posture2) => posture2.startsWith("unknown");
  var Ledger = class {
    constructor(doc) {
      this.doc = doc;
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
        const parent = doc.units.parent[unit];
        this.children.push([]);
        this.members.push([]);
        if (parent < 0) this.roots.push(unit);
        else this.children[parent].push(unit);
        const above = parent < 0 ? "" : this.paths[parent];
        this.paths.push(parent < 0 ? name : `${above === "/" ? "" : above}/${name}`);
      });
      doc.accounts.unit.forEach((unit, account) => this.members[unit].push(account));
      const accounts = doc.accounts.id.length;
      this.first = new Uint32Array(accounts + 1);
      for (const a of this.account) this.first[a + 1]++;
      for (let a = 0; a < accounts; a++) this.first[a + 1] += this.first[a];
      const next = this.first.slice();
      this.byAccount = new Uint32Array(this.size);
      for (let i = 0; i < this.size; i++) this.byAccount[next[this.account[i]]++] = i;
    }
    doc;
    size;
    account;
    set;
    region;
    state;
    reason;
    posture;
    sets;
    hasRows;
    // of each stack set: an older rollout may name another
    regions;
    states;
    severity;
    // of each state; less is worse
    children = [];
    // units of a unit
    members = [];
    // accounts of a unit
    paths = [];
    roots = [];
    first;
    // rows of an account: from first[a] to first[a + 1] of `byAccount`
    byAccount;
    rowsOf(account) {
      return this.byAccount.subarray(this.first[account], this.first[account + 1]);
    }
    text(column, row) {
      return this.doc.texts[column][this.doc.rows[column][row]] ?? "";
    }
    // Every unit below a unit, itself included; none where there is no such unit.
    below(unit) {
      const found = new Set(unit < 0 ? [] : [unit]);
      for (const each of found) for (const child of this.children[each]) found.add(child);
      return found;
    }
    // Each text is looked at once, and each row then costs a few reads of tables.
    matches(filter) {
      const accounts = this.doc.accounts;
      const wanted = filter.q.toLowerCase();
      const under = filter.ou ? this.below(this.paths.indexOf(filter.ou)) : null;
      const table2 = (texts, is) => Uint8Array.from(texts, (text, i) => is(text, i) ? 1 : 0);
      const has = (text) => text.toLowerCase().includes(wanted);
      const unitHas = table2(this.paths, has);
      const fits = table2(accounts.id, (id, a) => (!under || under.has(accounts.unit[a])) && (!filter.account || id === filter.account));
      const stateFits = table2(this.states, (s) => !filter.state.length || filter.state.includes(s));
      const setFits = table2(this.sets, (s) => !filter.set || s === filter.set);
      const regionFits = table2(this.regions, (r) => !filter.region || r === filter.region);
      const accountHas = table2(accounts.id, (id, a) => has(id) || has(accounts.name[a]) || unitHas[accounts.unit[a]] === 1);
      const setHas = table2(this.sets, has), regionHas = table2(this.regions, has), stateHas = table2(this.states, has);
      const reasonHas = table2(this.doc.texts.reason, has), postureHas = table2(this.doc.texts.posture, has);
      const found = new Uint8Array(this.size);
      const { account, set, region, state, reason, posture: posture2 } = this;
      for (let i = 0; i < this.size; i++) {
        const a = account[i], s = set[i], r = region[i], t = state[i];
        found[i] = fits[a] & stateFits[t] & setFits[s] & regionFits[r] & (accountHas[a] | setHas[s] | regionHas[r] | stateHas[t] | reasonHas[reason[i]] | postureHas[posture2[i]]);
      }
      return found;
    }
    // How many of the rows that are shown have such a posture.
    withPosture(shown, is) {
      const fits = this.doc.texts.posture.map(is);
      let found = 0;
      for (let i = 0; i < this.size; i++) if (shown[i] && fits[this.posture[i]]) found++;
      return found;
    }
    // The rows that are shown, the worst first; only states that are meant, and what is broken.
    worstFirst(shown, isMeant) {
      const meant = this.states.map(isMeant), broken = this.doc.texts.posture.map(isBroken);
      const isListed = (i) => shown[i] && (meant[this.state[i]] || broken[this.posture[i]]);
      const counts = new Uint32Array(this.states.length);
      for (let i = 0; i < this.size; i++) if (isListed(i)) counts[this.state[i]]++;
      const order = this.states.map((_, state) => state).sort((a, b) => this.severity[a] - this.severity[b]);
      const next = new Uint32Array(this.states.length);
      let all = 0;
      for (const state of order) {
        next[state] = all;
        all += counts[state];
      }
      const found = new Uint32Array(all);
      for (let i = 0; i < this.size; i++) if (isListed(i)) found[next[this.state[i]]++] = i;
      return found;
    }
  };
  var Counts = class {
    constructor(ledger, shown, columnOf, columns) {
      this.ledger = ledger;
      this.shown = shown;
      const states = ledger.states.length, units = ledger.paths.length;
      this.width = columns * states;
      this.cells = new Uint32Array(units * this.width);
      this.totals = new Uint32Array(states);
      this.matched = new Uint32Array(ledger.doc.accounts.id.length);
      this.inUnit = new Uint32Array(units);
      const unitOf = ledger.doc.accounts.unit;
      for (let i = 0; i < ledger.size; i++) {
        if (!shown[i]) continue;
        const a = ledger.account[i], state = ledger.state[i], unit = unitOf[a];
        this.totals[state]++;
        this.matched[a]++;
        this.inUnit[unit]++;
        this.cells[unit * this.width + columnOf(i) * states + state]++;
      }
      for (let unit = units - 1; unit >= 0; unit--) {
        const parent = ledger.doc.units.parent[unit];
        if (parent < 0) continue;
        this.inUnit[parent] += this.inUnit[unit];
        for (let k = 0; k < this.width; k++) this.cells[parent * this.width + k] += this.cells[unit * this.width + k];
      }
    }
    ledger;
    shown;
    totals;
    // by state
    matched;
    // rows, by account
    inUnit;
    // rows, by unit
    cells;
    width;
    cell(unit, column) {
      const states = this.ledger.states.length, from = unit * this.width + column * states;
      return this.cells.subarray(from, from + states);
    }
  };

  // src/fragment.ts
  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const one = (name) => given.get(name) ?? "";
    return {
      state: one("state").split(",").filter(Boolean),
      ou: one("ou"),
      account: one("account"),
      region: one("region"),
      set: one("set"),
      q: one("q"),
      instance: one("instance")
    };
  }
  function link(view) {
    const all = { ...EMPTY, instance: "", ...view };
    const made = new URLSearchParams();
    for (const [name, value2] of Object.entries(all)) {
      const text = Array.isArray(value2) ? value2.join(",") : value2;
      if (text) made.set(name, text);
    }
    return "#" + made.toString();
  }
  function isEmpty(view) {
    return !view.state.length && !view.ou && !view.account && !view.region && !view.set && !view.q;
  }

  // src/heat.ts
  var STEP = 100;
  var ROOMY = 900;
  var MOST_COLUMNS = 24;
  var HeatMap = class {
    constructor(ledger) {
      this.ledger = ledger;
      const found = ledger.sets.map(() => /* @__PURE__ */ new Set());
      for (let i = 0; i < ledger.size; i++) found[ledger.set[i]].add(ledger.region[i]);
      this.regionsOf = found.map((regions) => [...regions].sort((a, b) => a - b));
      for (const root of ledger.roots) this.openUnits.add(root);
      const all = this.regionsOf.reduce((sum, regions) => sum + regions.length, 0);
      if (all <= MOST_COLUMNS && innerWidth >= ROOMY) ledger.sets.forEach((_, set) => this.openSets.add(set));
      this.element.append(this.tools(), this.scrolls);
      this.element.addEventListener("focusin", (event) => {
        const key = event.target.dataset.key;
        if (key) this.focused = key;
      });
      if (ledger.doc.accounts.id.length <= STEP) ledger.paths.forEach((_, unit) => this.openUnits.add(unit));
    }
    ledger;
    element = h("div");
    openUnits = /* @__PURE__ */ new Set();
    openSets = /* @__PURE__ */ new Set();
    drawn = /* @__PURE__ */ new Map();
    // accounts of a unit that are drawn
    regionsOf;
    columns = [];
    places = /* @__PURE__ */ new Map();
    // set and Region to column
    counts;
    focused = "";
    at = [0, 0];
    // how far it is scrolled
    scrolls = h("div", { class: "scrolls" });
    // Keeps what was open when the document is read again.
    takeOver(other) {
      const unit = new Map(this.ledger.paths.map((path, i) => [path, i]));
      this.openUnits.clear();
      for (const each of other.openUnits) {
        const mine = unit.get(other.ledger.paths[each]);
        if (mine !== void 0) this.openUnits.add(mine);
      }
      this.openSets.clear();
      for (const each of other.openSets) {
        const mine = this.ledger.sets.indexOf(other.ledger.sets[each]);
        if (mine >= 0) this.openSets.add(mine);
      }
      for (const [each, accounts] of other.drawn) {
        const mine = unit.get(other.ledger.paths[each]);
        if (mine !== void 0) this.drawn.set(mine, accounts);
      }
      this.focused = other.focused;
      this.refocus = other.scrolls.contains(document.activeElement);
      this.at = [other.scrolls.scrollLeft, other.scrolls.scrollTop];
    }
    draw(shown, view) {
      this.lay();
      const { ledger, places } = this;
      const of = new Int32Array(ledger.sets.length * ledger.regions.length);
      for (const [place, column] of places) of[place] = column;
      const width = ledger.regions.length;
      this.counts = new Counts(ledger, shown, (row) => of[ledger.set[row] * width + ledger.region[row]], this.columns.length);
      this.paint(view);
      return this.counts;
    }
    lay() {
      this.columns = [];
      this.places = /* @__PURE__ */ new Map();
      const width = this.ledger.regions.length;
      this.regionsOf.forEach((regions, set) => {
        if (!regions.length) return;
        const opened = this.openSets.has(set);
        if (!opened) this.columns.push({ set, region: -1, key: `${set}` });
        for (const region of regions) {
          if (opened) this.columns.push({ set, region, key: `${set}.${region}` });
          this.places.set(set * width + region, this.columns.length - 1);
        }
      });
    }
    paint(view) {
      this.view = view;
      const body = h("tbody");
      for (const root of this.ledger.roots) this.unit(body, root, 0, view);
      const table2 = h(
        "table",
        { class: "heat", role: "grid", "aria-label": "Units and accounts by stack set and Region", keydown: this.move },
        this.head(),
        body
      );
      const { scrolls } = this, at = scrolls.firstChild ? [scrolls.scrollLeft, scrolls.scrollTop] : this.at;
      const refocus = this.refocus || scrolls.contains(document.activeElement);
      const focused = this.focused;
      scrolls.replaceChildren(table2);
      scrolls.scrollLeft = at[0];
      scrolls.scrollTop = at[1];
      const first = table2.querySelector("[data-key]");
      const again = [...table2.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused);
      (again ?? first)?.setAttribute("tabindex", "0");
      if (refocus) (again ?? first)?.focus({ preventScroll: true });
      this.refocus = false;
    }
    refocus = false;
    again(view) {
      this.refocus = true;
      this.draw(this.counts.shown, view);
    }
    tools() {
      const tool = (text, does) => h("button", { type: "button", "data-tool": text, click: () => {
        does();
        this.draw(this.counts.shown, this.view);
      } }, text);
      return h(
        "p",
        { class: "tools" },
        tool("Unfold units", () => this.ledger.paths.forEach((_, unit) => {
          if (this.ledger.children[unit].length) this.openUnits.add(unit);
        })),
        tool("Fold units", () => {
          this.openUnits.clear();
          this.drawn.clear();
        }),
        tool("Unfold Regions", () => this.ledger.sets.forEach((_, set) => this.openSets.add(set))),
        tool("Fold Regions", () => this.openSets.clear())
      );
    }
    head() {
      const opened = this.columns.some((column) => column.region >= 0);
      const sets = this.ledger.sets.map((name, set) => {
        if (!this.ledger.hasRows[set]) return null;
        const isOpen = this.openSets.has(set), regions = this.regionsOf[set].length;
        return h(
          "th",
          { scope: "colgroup", colspan: isOpen ? regions : 1, rowspan: isOpen || !opened ? 1 : 2, class: "set" },
          h(
            "button",
            {
              type: "button",
              class: "fold",
              "aria-expanded": String(isOpen),
              "data-key": `set ${set}`,
              tabindex: -1,
              "aria-label": `${visible(name)}: ${many(regions, "Region")}`,
              title: visible(name),
              click: () => {
                this.toggle(this.openSets, set);
                this.focused = `set ${set}`;
                this.again(this.view);
              }
            },
            h("span", { "aria-hidden": "true" }, isOpen ? "\u25BE " : "\u25B8 "),
            named(name, 28)
          )
        );
      });
      const corner = h("th", { scope: "col", rowspan: opened ? 2 : 1, class: "place" }, "Unit or account");
      const second = this.columns.filter((column) => column.region >= 0).map((column) => h("th", { scope: "col", class: "region" }, h("span", {}, named(this.ledger.regions[column.region], 20))));
      return h("thead", {}, h("tr", {}, corner, ...sets), opened && h("tr", {}, ...second));
    }
    view = null;
    toggle(set, each) {
      if (!set.delete(each)) set.add(each);
    }
    unit(body, unit, depth, view) {
      if (!this.counts.inUnit[unit]) return;
      const { ledger } = this, isOpen = this.openUnits.has(unit), path = ledger.paths[unit];
      const members = ledger.members[unit].filter((a) => this.counts.matched[a]);
      const key = `unit ${unit}`, name = depth ? ledger.doc.units.name[unit] : path;
      const fold = h(
        "button",
        {
          type: "button",
          class: "fold",
          "aria-expanded": String(isOpen),
          "data-key": key,
          tabindex: -1,
          click: () => {
            this.toggle(this.openUnits, unit);
            this.focused = key;
            this.again(view);
          }
        },
        h("span", { "aria-hidden": "true" }, isOpen ? "\u25BE " : "\u25B8 "),
        named(name, 40)
      );
      const zoom = h("a", {
        class: "zoom",
        href: link({ ...view, ou: path, instance: "" }),
        "data-key": `zoom ${unit}`,
        tabindex: -1,
        "aria-label": `Show only ${visible(path)}`
      }, "\u2315");
      const head = h(
        "th",
        { scope: "row", class: `place d${Math.min(depth, 8)}` },
        fold,
        " ",
        zoom,
        h("span", { class: "size" }, count(this.counts.inUnit[unit]))
      );
      const cells = this.columns.map((column, i) => this.cell(this.counts.cell(unit, i), `${key} ${column.key}`, {
        ...view,
        ou: path,
        set: ledger.sets[column.set],
        region: column.region < 0 ? view.region : ledger.regions[column.region],
        instance: ""
      }));
      body.appendChild(h("tr", { class: "unit" }, head, ...cells));
      if (!isOpen) return;
      for (const child of ledger.children[unit]) this.unit(body, child, depth + 1, view);
      const limit = this.drawn.get(unit) ?? STEP;
      for (const account of members.slice(0, limit)) body.appendChild(this.account(account, depth + 1, view));
      if (members.length > limit) {
        const left = members.length - limit;
        const more = h("button", { type: "button", "data-key": `more ${unit}`, tabindex: -1, click: () => {
          this.drawn.set(unit, limit + STEP);
          this.focused = `more ${unit}`;
          this.again(view);
        } }, `Show ${count(Math.min(STEP, left))} more of ${count(left)} accounts`);
        body.appendChild(h(
          "tr",
          {},
          h("th", { scope: "row", class: `place d${Math.min(depth + 1, 8)}` }, more),
          h("td", { colspan: this.columns.length })
        ));
      }
    }
    account(account, depth, view) {
      const { ledger } = this, accounts = ledger.doc.accounts, states = ledger.states.length;
      const found = this.columns.map(() => new Uint32Array(states));
      const width = ledger.regions.length;
      for (const row of ledger.rowsOf(account)) {
        if (!this.counts.shown[row]) continue;
        found[this.places.get(ledger.set[row] * width + ledger.region[row])][ledger.state[row]]++;
      }
      const id = accounts.id[account];
      const cells = this.columns.map((column, i) => {
        const set = ledger.sets[column.set];
        const to = column.region < 0 ? { ...view, account: id, set, instance: "" } : { ...view, instance: [set, id, ledger.regions[column.region]].join("~") };
        return this.cell(found[i], `account ${account} ${column.key}`, to);
      });
      const name = accounts.name[account];
      return h("tr", {}, h(
        "th",
        { scope: "row", class: `place account d${Math.min(depth, 8)}` },
        h(
          "a",
          { href: link({ ...view, account: id, instance: "" }), "data-key": `account ${account}`, tabindex: -1 },
          name ? named(name, 32) : null,
          name ? " " : null,
          h("span", { class: "id" }, visible(id))
        )
      ), ...cells);
    }
    // The worst state of a cell, with how many are in it; a screen reader hears all of them.
    cell(states, key, to) {
      let worst = "", all = 0;
      const said = [];
      for (const name of WORST_FIRST) {
        const number = states[this.ledger.states.indexOf(name)] ?? 0;
        if (!number) continue;
        worst ||= name;
        all += number;
        said.push(`${count(number)} ${words(name)}`);
      }
      if (!all) return h("td", { class: "none" });
      const here = states[this.ledger.states.indexOf(worst)];
      const share = QUIET.has(worst) || here / all > 0.5 ? "" : here / all > 0.1 ? " some" : " few";
      const text = SIGNS[worst] + (all > 1 ? " " + short(here) : "");
      return h(
        "td",
        { class: `s-${worst}${share}` },
        h("a", { href: link(to), "data-key": key, tabindex: -1, "aria-label": said.join(", "), title: said.join(", ") }, text)
      );
    }
    // Arrow keys go from cell to cell, so that one press of Tab leaves the table.
    move = (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const from = event.target, cell = from.closest("td, th");
      if (!step || !cell || event.ctrlKey || event.altKey || event.metaKey) return;
      const rows = [...this.element.querySelectorAll("tr")], row = rows.indexOf(cell.parentElement);
      let to;
      if (step[0] === 0) {
        const all = [...cell.parentElement.querySelectorAll("[data-key]")];
        to = all[all.indexOf(from) + step[1]];
      } else {
        for (let i = row + step[0]; !to && rows[i]; i += step[0]) {
          const next = rows[i].cells[cell.cellIndex] ?? rows[i].cells[0];
          to = next?.querySelector("[data-key]") ?? void 0;
        }
      }
      if (!to) return;
      event.preventDefault();
      this.element.querySelector("[data-key][tabindex='0']")?.setAttribute("tabindex", "-1");
      to.setAttribute("tabindex", "0");
      to.focus();
      this.focused = to.dataset.key;
    };
  };
  function short(n) {
    return n < 1e3 ? String(n) : n < 1e4 ? `${(n / 1e3).toFixed(1)}k` : `${Math.round(n / 1e3)}k`;
  }

  // src/sections.ts
  function section(id, title, ...children) {
    return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...children);
  }
  function rollouts(doc) {
    if (!doc.rollouts.length) {
      return doc.kind === "manifest" ? section("rollouts", "Rollouts", h("p", {}, "The journal has no rollout of this manifest.")) : null;
    }
    const drawn = doc.rollouts.map((each, i) => h(
      "details",
      { open: i === 0, "data-keep": `rollout ${each.rollout}` },
      h(
        "summary",
        {},
        h("bdi", {}, visible(each.rollout)),
        ": ",
        each.outcome,
        ", begun ",
        moment(each.created),
        each.ended && `, ended ${moment(each.ended)}`
      ),
      rollout(each)
    ));
    return section(
      "rollouts",
      "Rollouts",
      ...drawn,
      doc.more_rollouts > 0 && h("p", {}, `${many(doc.more_rollouts, "earlier rollout")} in the journal: orgrollout rollouts`)
    );
  }
  function rollout(each) {
    const times = each.operations.flatMap((one) => [one.started, one.ended]).filter((t) => !!t).map(Date.parse);
    const from = times.reduce((a, b) => Math.min(a, b), Infinity);
    const to = Math.max(times.reduce((a, b) => Math.max(a, b), -Infinity), from + 1e3);
    return h(
      "div",
      {},
      each.begun_by && h("p", { class: "dim" }, "Begun by ", told(each.begun_by)),
      each.note && h("p", { class: "note" }, told(each.note)),
      ...each.waits.map((text) => h("p", { class: "note" }, told(text))),
      h("ol", { class: "waves" }, ...each.waves.map((wave) => {
        const mine = each.operations.filter((one) => one.wave === wave.wave);
        const planned = each.planned.filter((one) => one.wave === wave.wave).length;
        const begun = new Set(mine.map((one) => one.planned)).size;
        return h(
          "li",
          {},
          h("h3", {}, `Wave ${wave.wave} `, named(wave.name), h("span", { class: "badge" }, wave.status ?? "")),
          h("p", { class: "dim" }, `${many(wave.accounts, "account")}; ${count(begun)} of ${many(planned, "operation")} begun; ${many(wave.allowed_failures ?? 0, "account")} may fail`),
          mine.length > 0 && operations(mine, from, to, `Operations of wave ${wave.wave} of ${visible(each.rollout)}`)
        );
      }))
    );
  }
  function operations(mine, from, to, caption) {
    return table(caption, ["Stack set", "Action", "Status", "Succeeded", "Failed", "Cancelled or skipped", "Started", "Took", "When"], mine.length, (i) => {
      const one = mine[i], start2 = one.started ? Date.parse(one.started) : from, end = one.ended ? Date.parse(one.ended) : to;
      const rest = one.cancelled === null && one.skipped === null ? null : (one.cancelled ?? 0) + (one.skipped ?? 0);
      const bar = h("span", { class: `bar ${!one.ended ? "open" : one.failed || one.status === "FAILED" ? "bad" : one.status === "SUCCEEDED" && !one.cancelled ? "good" : "part"}` });
      bar.style.setProperty("--from", `${100 * (start2 - from) / (to - from)}%`);
      bar.style.setProperty("--width", `${Math.max(1.5, 100 * (end - start2) / (to - from))}%`);
      return [
        [named(one.stack_set)],
        [one.action + (one.attempt > 1 ? `, attempt ${one.attempt}` : "")],
        [one.ended ? one.status : "under way"],
        [one.succeeded === null ? "not known yet" : count(one.succeeded)],
        [one.failed === null ? "not known yet" : count(one.failed)],
        [rest === null ? "not known yet" : count(rest)],
        [moment(one.started)],
        [one.ended && one.started ? span(end - start2) : ""],
        [h("span", { class: "track", "aria-hidden": "true" }, bar)]
      ];
    }, 20);
  }
  function failures(doc) {
    const newest = doc.rollouts[0];
    if (!newest) return null;
    const isSkipped = (each) => each.class === "skipped";
    const isOver = ["halted", "stopped", "finished"].includes(newest.phase);
    const groups = [
      ["Failed", newest.causes.filter((each) => !isSkipped(each))],
      ["Skipped", newest.causes.filter(isSkipped)],
      [isOver ? "To be tried again if the rollout is resumed" : "To be tried again", newest.retried],
      ["Tried again, and done", newest.overcome]
    ];
    const some = groups.filter(([, causes]) => causes.length);
    return section(
      "failures",
      "Failures by cause",
      h("p", { class: "dim" }, "Of the newest rollout, ", h("bdi", {}, visible(newest.rollout)), "."),
      !groups.some(([title, causes]) => title !== "Skipped" && causes.length) && h("p", {}, isOver ? "Nothing failed." : "Nothing failed so far."),
      ...some.map(([title, causes]) => h("div", {}, h("h3", {}, title), ...causes.map((each) => cause(each, title === "Failed"))))
    );
  }
  function cause(each, isFinal) {
    const units = Object.entries(each.organizational_units).slice(0, 5).map(([path, n]) => `${visible(path)} ${count(n)}`).join(", ");
    const example = each.example;
    return h(
      "article",
      { class: isFinal ? "cause bad" : "cause" },
      h(
        "h4",
        {},
        h("span", { class: "badge" }, words(each.class)),
        " ",
        `${many(each.instances, "stack instance")} in ${many(each.accounts, "account")}`
      ),
      h("p", {}, told(each.reason || "no reason given")),
      each.advice && h("p", { class: "advice" }, h("strong", {}, "What to do: "), told(each.advice)),
      h(
        "p",
        { class: "dim" },
        "Stack sets: ",
        each.stack_sets.map((s) => visible(s)).join(", "),
        units && `. Units: ${units}`,
        each.later_accounts > 0 && `. Later waves have ${many(each.later_accounts, "account")} there, too`,
        "."
      ),
      h(
        "p",
        { class: "dim" },
        "For example ",
        h(
          "a",
          { href: link({ instance: [example.stack_set, example.account, example.region].join("~") }) },
          named(each.named[0] ?? example.account),
          " ",
          named(example.region),
          " ",
          named(example.stack_set)
        ),
        "."
      )
    );
  }
  function drift(ledger) {
    const found = ledger.doc.drift;
    if (!found) return null;
    const groups = /* @__PURE__ */ new Map();
    for (const each of found.findings) {
      const key = JSON.stringify([each.stack_set, each.type, each.what, each.path, each.verdict]);
      const those = groups.get(key);
      if (those) those.push(each);
      else groups.set(key, [each]);
    }
    const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
    const unknown = found.stack_sets.filter((each) => each.unknown);
    return section(
      "drift",
      "Drift by resource",
      ...unknown.map((each) => h(
        "p",
        { class: "note" },
        `Of ${many(each.instances, "stack instance")} of `,
        h("bdi", {}, visible(each.stack_set)),
        `, nothing is known of ${count(each.unknown)}`,
        each.detected ? `; the last detection ended ${moment(each.detected)}.` : "; no detection has looked."
      )),
      !sorted.length && h("p", {}, unknown.length ? "Where a detection looked, nothing differs." : "Nothing differs."),
      ...sorted.slice(0, 200).map((those) => resource(ledger, those)),
      sorted.length > 200 && h("p", {}, `and ${many(sorted.length - 200, "more resource")}: orgrollout drift --format csv`),
      found.total > found.findings.length && h(
        "p",
        { class: "note" },
        `${many(found.total - found.findings.length, "more finding")} not shown here: orgrollout drift --format csv`
      )
    );
  }
  function resource(ledger, those) {
    const first = those[0], accounts = ledger.doc.accounts;
    return h(
      "details",
      { class: "cause", "data-keep": `drift ${first.stack_set} ${first.what} ${first.path} ${first.verdict}` },
      h(
        "summary",
        {},
        h("span", { class: "badge" }, words(first.verdict)),
        " ",
        named(first.what),
        " ",
        first.path && h("code", {}, named(first.path)),
        " ",
        h("span", { class: "dim" }, named(first.type), " in ", named(ledger.sets[first.stack_set])),
        `: ${many(those.length, "stack instance")}`
      ),
      h("p", { class: "dim" }, told(first.type), " ", told(first.what), first.path ? " " : null, first.path && told(first.path), " in ", told(ledger.sets[first.stack_set])),
      first.reason && h("p", {}, told(first.reason)),
      table(`Where ${visible(first.what)} differs`, ["Account", "Region", "Physical id", "Expected", "Actual", "Looked at", "First seen", "Came back"], those.length, (i) => {
        const each = those[i], id = accounts.id[each.account], region = ledger.regions[each.region];
        return [
          [h("a", { href: link({ instance: [ledger.sets[each.stack_set], id, region].join("~") }) }, named(accounts.name[each.account] || id))],
          [named(region)],
          [told(each.id)],
          [value(each.expected)],
          [value(each.actual)],
          [moment(each.looked)],
          [moment(each.first_seen)],
          [count(each.came_back)]
        ];
      })
    );
  }
  function value(text) {
    return text ? h("code", {}, told(text)) : h("span", { class: "dim" }, "not told");
  }
  function posture(ledger) {
    const texts = ledger.doc.texts.posture, column = ledger.doc.rows.posture;
    const rows = /* @__PURE__ */ new Map();
    column.forEach((text, row) => {
      if (!texts[text]) return;
      const those = rows.get(text);
      if (those) those.push(row);
      else rows.set(text, [row]);
    });
    if (!rows.size) return null;
    const rank = (text) => isBroken(text) ? 0 : isUnknown(text) ? 1 : 2;
    const sorted = [...rows].sort((a, b) => rank(texts[a[0]]) - rank(texts[b[0]]) || b[1].length - a[1].length);
    return section(
      "posture",
      "Posture",
      h("p", { class: "dim" }, "As it was seen last; `unknown` is not good."),
      table("Posture by result", ["Result", "Stack instances", "For example", "Oldest look"], sorted.length, (i) => {
        const [text, those] = sorted[i], row = those[0];
        const oldest = those.map((each) => ledger.text("posture_since", each)).filter(Boolean).sort()[0];
        return [[told(texts[text])], [count(those.length)], [instanceLink(ledger, row)], [moment(oldest) || "never"]];
      }, 20)
    );
  }
  function instanceLink(ledger, row) {
    const account = ledger.account[row], accounts = ledger.doc.accounts;
    const set = ledger.sets[ledger.set[row]], region = ledger.regions[ledger.region[row]], id = accounts.id[account];
    return h("a", { href: link({ instance: [set, id, region].join("~") }) }, named(accounts.name[account] || id), " ", named(region), " ", named(set));
  }
  function plan(doc) {
    const made = doc.plan;
    const title = doc.kind === "rollout" ? "The plan of this rollout" : "What an apply would change now";
    if (!made) {
      return doc.plan_refused ? section("plan", title, h("p", { class: "note" }, "There is no plan, since it is refused:"), h("pre", {}, visible(doc.plan_refused).replaceAll("\\u000a", "\n"))) : null;
    }
    const counts = Object.entries(made.summary).filter(([, n]) => n).map(([action, n]) => `${count(n)} to ${words(action)}`);
    return section(
      "plan",
      title,
      h("p", {}, counts.length ? `${counts.join(", ")}; ${count(made.unchanged)} unchanged.` : made.is_empty ? "Nothing to do." : "Only definitions change."),
      ...made.warnings.map((text) => h("p", { class: "note" }, told(text))),
      ...made.stack_sets.filter((each) => each.change !== "unchanged" || each.differences.length).map((each) => h(
        "details",
        { class: "cause", open: made.stack_sets.length < 4, "data-keep": `plan ${each.stack_set}` },
        h(
          "summary",
          {},
          h("span", { class: "badge" }, each.change),
          " ",
          named(each.stack_set),
          each.differences.length > 0 && ": ",
          each.differences.map((text) => visible(text)).join("; ")
        ),
        changed("Parameter", each.changes.parameters),
        changed("Tag", each.changes.tags),
        diff(each.changes.template)
      )),
      made.operations.length > 0 && h("h3", {}, "Operations"),
      made.operations.length > 0 && table("Operations of the plan", ["Wave", "Stack set", "Action", "Stack instances", "Accounts", "Regions", "Reason"], made.operations.length, (i) => {
        const one = made.operations[i];
        return [
          [String(one.wave)],
          [named(one.stack_set)],
          [words(one.action)],
          [count(one.instances)],
          [count(one.accounts)],
          [one.regions.map((region) => visible(region)).join(", ")],
          [told(one.reason)]
        ];
      }, 30)
    );
  }
  function changed(what, values) {
    const rows = Object.entries(values ?? {});
    if (!rows.length) return null;
    const shown = (text) => text === null ? h("span", { class: "dim" }, "(none)") : h("code", {}, told(text || '""'));
    return table(`${what}s that change`, [what, "Deployed", "Wanted"], rows.length, (i) => {
      const [name, { old, new: next }] = rows[i];
      return [[told(name)], [shown(old)], [shown(next)]];
    });
  }
  function diff(text) {
    if (!text) return null;
    const kind = (line) => /^(\+\+\+|---) /.test(line) ? "" : line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : "";
    return h(
      "pre",
      { class: "diff", tabindex: 0, role: "region", "aria-label": "Template, line by line" },
      ...text.split("\n").map((line) => h("span", { class: kind(line) }, visible(line) + "\n"))
    );
  }

  // src/instance.ts
  function instance(ledger, view) {
    if (!view.instance) return null;
    const [key = "", id = "", name = ""] = view.instance.split("~");
    const doc = ledger.doc;
    const set = ledger.sets.indexOf(key), account = doc.accounts.id.indexOf(id), region = ledger.regions.indexOf(name);
    const close = h("a", { class: "close", href: link({ ...view, instance: "" }) }, "Close");
    const title = `Stack instance: ${visible(key)}, ${visible(id)}, ${visible(name)}`;
    const row = account < 0 ? void 0 : [...ledger.rowsOf(account)].find((i) => ledger.set[i] === set && ledger.region[i] === region);
    if (row === void 0) return section("instance", title, close, h("p", {}, "There is no such stack instance on this page."));
    const state = ledger.states[ledger.state[row]];
    const facts = [
      ["State", h("span", { class: `chip s-${state}` }, `${SIGNS[state]} ${words(state)}`)],
      ["Meaning", MEANS[state] ?? ""],
      ["Reason", told(ledger.text("reason", row))],
      ["Account", h("span", {}, told(doc.accounts.name[account]), " ", visible(id))],
      ["Unit", told(ledger.paths[doc.accounts.unit[account]])],
      ["Drift status", [ledger.text("drift", row), moment(ledger.text("drift_since", row))].filter(Boolean).join(", ")],
      ["Posture", told(ledger.text("posture", row))],
      ["Looked at posture", moment(ledger.text("posture_since", row))],
      ["Last operation", told(ledger.text("operation", row))]
    ];
    const history2 = [...doc.rollouts.flatMap((each) => inRollout(each, set, account, region)), ...drifted(ledger, set, account, region)].sort((a, b) => a.at < b.at ? 1 : -1);
    const now = (doc.drift?.findings ?? []).filter((f) => f.stack_set === set && f.account === account && f.region === region);
    const more = doc.drift ? doc.drift.total - doc.drift.findings.length : 0;
    return section(
      "instance",
      title,
      close,
      h("dl", {}, ...facts.filter(([, value2]) => value2 && (typeof value2 === "string" || value2.textContent)).flatMap(([term, value2]) => [h("dt", {}, term), h("dd", {}, value2)])),
      more > 0 && h("p", { class: "note" }, `${many(more, "finding")} of the organization did not fit on this page; some may be of this stack instance: orgrollout drift --format csv`),
      now.length > 0 && h("h3", {}, "What differs"),
      now.length > 0 && table("What differs", ["Resource", "Property", "Verdict", "Expected", "Actual"], now.length, (i) => {
        const f = now[i];
        return [[told(f.what), " ", told(f.type), " ", told(f.id)], [told(f.path)], [words(f.verdict)], [told(f.expected || "not told")], [told(f.actual || "not told")]];
      }),
      h("h3", {}, "History"),
      doc.more_history > 0 && h("p", { class: "note" }, `The history of ${many(doc.more_history, "older finding")} did not fit on this page; some may be of this stack instance.`),
      history2.length ? table("History of the stack instance", ["When", "What"], history2.length, (i) => [[moment(history2[i].at)], history2[i].what]) : h("p", {}, `Nothing is recorded here: the rollouts on this page did not touch it${doc.more_history || doc.kind === "rollout" ? "" : ", and the journal has no finding of it"}.`)
    );
  }
  function inRollout(rollout2, set, account, region) {
    const found = [];
    const isHere = (where) => where.some((each) => covers(each, account, region));
    rollout2.planned.forEach((planned, index) => {
      if (planned.stack_set !== set || !covers(planned.where, account, region)) return;
      const id = h("bdi", {}, visible(rollout2.rollout)), action = `${words(planned.action)}, wave ${planned.wave}, `;
      const tries = rollout2.operations.filter((one) => one.planned === index);
      const left = rollout2.left.filter((each) => each.planned === index && isHere(each.where)).at(-1);
      let attempt = 1, failed, last = rollout2.created ?? "";
      for (; ; attempt++) {
        const mine = tries.filter((one) => one.attempt === attempt);
        failed = rollout2.failed_in.find((each) => mine.some((one) => one.id === each.operation) && isHere(each.where));
        const ended = (failed ? mine.filter((one) => one.id === failed.operation) : mine).map((one) => one.ended ?? "").sort().at(-1);
        last = ended || mine[0]?.started || last;
        if (!failed) break;
        found.push({ at: last, what: [`${action}attempt ${attempt}, `, id.cloneNode(true), `: ${words(failed.class)}: `, told(failed.reason || "no reason given")] });
      }
      const hasBegun = tries.some((one) => one.attempt === attempt);
      if (left && (hasBegun || left.state !== "failed" || attempt === 1)) {
        found.push({ at: last, what: [hasBegun ? `${action}attempt ${attempt}, ` : action, id, `: ${words(left.state)}: `, told(left.reason)] });
      } else if (!left && hasBegun) found.push({ at: last, what: [`${action}attempt ${attempt}, `, id, ": done"] });
      else if (!left && attempt === 1) found.push({ at: last, what: [action, id, ": no operation is recorded"] });
    });
    return found;
  }
  function covers([runs, regions], account, region) {
    if (!regions.includes(region)) return false;
    for (let i = 0; i < runs.length; i += 2) if (account >= runs[i] && account < runs[i] + runs[i + 1]) return true;
    return false;
  }
  function drifted(ledger, set, account, region) {
    return ledger.doc.history.filter((r) => r.stack_set === set && r.account === account && r.region === region).flatMap((r) => {
      const what = told(r.what);
      const told_ = [{ at: r.first_seen ?? "", what: [`${r.kind} found: `, what, r.came_back ? `, came back ${r.came_back} times` : null] }];
      if (r.repaired) told_.push({ at: r.repaired, what: [`${r.kind} repaired: `, told(r.what), " by ", told(r.repaired_by)] });
      if (r.gone) told_.push({ at: r.gone, what: [`${r.kind} no longer found: `, told(r.what)] });
      return told_;
    });
  }

  // src/kept.ts
  var Kept = class {
    constructor(main) {
      this.main = main;
      for (const each of this.details()) this.open.set(each.dataset.keep, each.open);
      for (const each of this.tables()) {
        this.rows.set(each.dataset.table, each.querySelectorAll("tbody > tr").length);
        const scrolls = each.querySelector(".scrolls");
        this.scrolled.set(each.dataset.table, [scrolls.scrollLeft, scrolls.scrollTop]);
      }
      const active = document.activeElement;
      this.focus = active && active !== main && main.contains(active) ? selector(active) : "";
      if (active instanceof HTMLInputElement) this.caret = [active.selectionStart, active.selectionEnd];
    }
    main;
    open = /* @__PURE__ */ new Map();
    rows = /* @__PURE__ */ new Map();
    scrolled = /* @__PURE__ */ new Map();
    at = [scrollX, scrollY];
    focus;
    caret = null;
    restore() {
      for (const each of this.details()) each.open = this.open.get(each.dataset.keep) ?? each.open;
      for (const each of this.tables()) {
        const rows = this.rows.get(each.dataset.table) ?? 0, more = each.querySelector(":scope > .more");
        while (!more.hidden && each.querySelectorAll("tbody > tr").length < rows) more.click();
        const [left, top] = this.scrolled.get(each.dataset.table) ?? [0, 0], scrolls = each.querySelector(".scrolls");
        scrolls.scrollLeft = left;
        scrolls.scrollTop = top;
      }
      const focus = this.focus ? this.main.querySelector(this.focus) : null;
      focus?.focus({ preventScroll: true });
      if (this.caret && focus instanceof HTMLInputElement) focus.setSelectionRange(...this.caret);
      scrollTo(...this.at);
    }
    details() {
      return this.main.querySelectorAll("details[data-keep]");
    }
    tables() {
      return this.main.querySelectorAll("[data-table]");
    }
  };
  function selector(element) {
    const { key, state, tool } = element.dataset;
    const details = element.matches("summary") && element.closest("[data-keep]");
    const table2 = element.matches(".more, .scrolls") && element.closest("[data-table]");
    const label = element.matches("button") && element.getAttribute("aria-label"), href = element.getAttribute("href");
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (key) return `[data-key="${CSS.escape(key)}"]`;
    if (state) return `[data-state="${CSS.escape(state)}"]`;
    if (tool) return `[data-tool="${CSS.escape(tool)}"]`;
    if (details) return `[data-keep="${CSS.escape(details.dataset.keep)}"] > summary`;
    if (table2) return `[data-table="${CSS.escape(table2.dataset.table)}"] > ${element.matches(".more") ? ".more" : ".scrolls"}`;
    if (label) return `button[aria-label="${CSS.escape(label)}"]`;
    if (href) return `#${CSS.escape(element.closest("section")?.id || "page")} a[href="${CSS.escape(href)}"]`;
    return "";
  }

  // src/live.ts
  function follow(show) {
    if (location.protocol === "file:" || !document.querySelector("meta[http-equiv]")?.getAttribute("content")?.includes("connect-src")) return;
    const say = (text) => {
      const at = document.getElementById("live");
      if (at && at.textContent !== text) at.textContent = text;
    };
    const events = new EventSource("events");
    let reading = false, again = false, over = "";
    const fetchAgain = async () => {
      if (reading) {
        again = true;
        return;
      }
      reading = true;
      try {
        const got = await fetch("document.json", { cache: "no-store" });
        if (got.ok) {
          const doc = await got.json();
          show(doc);
          say(over || `Live, as of ${moment(doc.made)}.`);
        }
      } catch {
        say(over || "The connection is lost; trying again.");
      }
      reading = false;
      if (again) {
        again = false;
        void fetchAgain();
      }
    };
    events.addEventListener("changed", () => void fetchAgain());
    events.addEventListener("over", (event) => {
      events.close();
      over = `No longer live: ${event.data}`;
      void fetchAgain().then(() => say(over));
    });
    events.onopen = () => say("Live.");
    events.onerror = () => say(over || (events.readyState === EventSource.CLOSED ? "Not live: the server takes no more readers (at most 50 follow). Reload the page to try again." : "The connection is lost; trying again."));
  }

  // src/main.ts
  var TYPING = 60;
  var Page = class {
    ledger;
    heat;
    main = document.getElementById("page");
    states = h("div", { class: "states", role: "group", "aria-label": "States" });
    summary = h("p", { class: "result", role: "status" });
    list = h("div");
    detail = h("div");
    fields = null;
    waiting = 0;
    shownInstance = "";
    show(doc) {
      this.apply();
      const old = this.heat;
      this.ledger = new Ledger(doc);
      this.heat = new HeatMap(this.ledger);
      if (old) this.heat.takeOver(old);
      document.title = `${visible(doc.name)}: orgrollout`;
      const kept = old ? new Kept(this.main) : null;
      this.main.replaceChildren(
        h("a", { class: "skip", href: "#heat", click: (event) => {
          event.preventDefault();
          document.getElementById("heat").scrollIntoView();
          document.getElementById("heat-title").focus();
        } }, "Skip to the heat map"),
        this.header(doc),
        this.filters(),
        this.detail,
        section("heat", "Where it stands", this.summary, this.heat.element, this.legend()),
        section("list", "Stack instances", this.list)
      );
      document.getElementById("heat-title").setAttribute("tabindex", "-1");
      for (const each of [failures(doc), rollouts(doc), drift(this.ledger), posture(this.ledger), plan(doc), this.commands(doc)]) {
        if (each) this.main.appendChild(each);
      }
      this.draw();
      kept?.restore();
    }
    draw() {
      const began = performance.now(), view = read();
      this.fill(view);
      const shown = this.ledger.matches(view);
      const counts = this.heat.draw(shown, view);
      this.drawStates(counts, view);
      this.drawList(shown, view);
      const found = counts.totals.reduce((a, b) => a + b, 0), unknown = this.unknown(view);
      this.summary.textContent = isEmpty(view) ? `${many(found, "stack instance")}.` : `The filter leaves ${count(found)} of ${many(this.ledger.size, "stack instance")}.${unknown.length ? ` There is ${unknown.join(" and ")} on this page.` : ""}`;
      const detail = instance(this.ledger, view);
      this.detail.replaceChildren(...detail ? [detail] : []);
      if (detail && view.instance !== this.shownInstance) {
        const title = detail.querySelector("h2");
        title.setAttribute("tabindex", "-1");
        title.focus();
        detail.scrollIntoView();
      }
      this.shownInstance = view.instance;
      this.main.dataset.took = String(Math.round(performance.now() - began));
      this.main.dataset.found = String(found);
    }
    header(doc) {
      const what = doc.kind === "rollout" ? "Rollout" : "Manifest";
      const sums = doc.sum.map((s) => `${visible(s.stack_set)}: ${count(s.accounts)} accounts \xD7 ${many(s.regions, "Region")}${s.besides ? ` + ${count(s.besides)} elsewhere` : ""}`);
      const total = Object.values(doc.summary).reduce((a, b) => a + b, 0);
      return h(
        "header",
        {},
        h("h1", {}, `${what} `, told(doc.name)),
        h(
          "p",
          { class: "dim" },
          "Organization ",
          visible(doc.organization),
          ", home Region ",
          visible(doc.home_region),
          ", as of ",
          h("time", { datetime: doc.made }, moment(doc.made)),
          ". ",
          h("span", { id: "live", role: "status" })
        ),
        ...doc.notes.map((text) => h("p", { class: "note" }, told(text))),
        this.states,
        sums.length > 0 && h(
          "details",
          { class: "sum", "data-keep": "sum" },
          h("summary", {}, `The states add up to ${count(total)}`),
          h("ul", {}, ...sums.map((text) => h("li", {}, h("bdi", {}, text))))
        ),
        ...doc.not_checked.map((text) => h("p", { class: "note" }, "Not looked at: ", text, ". `current` says nothing of that."))
      );
    }
    drawStates(counts, view) {
      const { ledger } = this;
      const order = [...ledger.states].sort((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b));
      const focused = document.activeElement?.dataset.state;
      const used = order.filter((s) => ledger.doc.summary[s] || view.state.includes(s));
      this.states.replaceChildren(...used.map((state) => {
        const chosen = view.state.includes(state);
        const next = chosen ? view.state.filter((s) => s !== state) : [...view.state, state];
        const all = ledger.doc.summary[state] ?? 0, now = counts.totals[ledger.states.indexOf(state)];
        return h(
          "button",
          {
            type: "button",
            class: `tile s-${state}`,
            "aria-pressed": String(chosen),
            "data-state": state,
            title: MEANS[state],
            click: () => this.go({ ...view, state: next })
          },
          h("span", { class: "number" }, count(all)),
          h("span", { class: "what" }, h("span", { "aria-hidden": "true" }, `${SIGNS[state] ?? ""} `), words(state)),
          now !== all && !view.state.length ? h("span", { class: "left" }, `${count(now)} here`) : null
        );
      }));
      if (focused) this.states.querySelector(`[data-state="${focused}"]`)?.focus();
    }
    legend() {
      return h(
        "details",
        { class: "legend", "data-keep": "legend" },
        h("summary", {}, "What the signs mean"),
        h("ul", {}, ...[...this.ledger.states].sort((a, b) => WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b)).map((state) => h("li", {}, h("span", { class: `chip s-${state}` }, `${SIGNS[state] ?? ""} ${words(state)}`), ` ${MEANS[state] ?? ""}`))),
        h("p", {}, "A cell shows the worst state in it and how many stack instances are in that state. Arrow keys move from cell to cell, Enter narrows the page to a cell, or opens a stack instance.")
      );
    }
    filters() {
      const { ledger } = this;
      const input = (id, label, type, list) => {
        const made = h("input", { id, type, list, autocomplete: "off", spellcheck: "false", input: () => this.typed() });
        return [made, h("label", {}, label, made)];
      };
      const select = (id, label, options) => {
        const made = h(
          "select",
          { id, change: () => this.typed(0) },
          h("option", { value: "" }, "all"),
          ...options.map((text) => h("option", { value: text }, visible(text).slice(0, 80)))
        );
        return [made, h("label", {}, label, made)];
      };
      const [q, qLabel] = input("q", "Text", "search");
      const [ou, ouLabel] = input("ou", "Unit", "search", "units");
      const [account, accountLabel] = input("account", "Account id", "search");
      const [region, regionLabel] = select("region", "Region", [...ledger.regions].sort());
      const [set, setLabel] = select("set", "Stack set", ledger.sets.filter((_, i) => ledger.hasRows[i]));
      this.fields = { q, ou, account, region, set };
      const units = h("datalist", { id: "units" }, ...ledger.paths.slice(0, 2e3).map((path) => h("option", { value: path })));
      return h(
        "form",
        { class: "filters", role: "search", "aria-label": "Filter", submit: (event) => {
          event.preventDefault();
          this.typed(0);
        } },
        qLabel,
        setLabel,
        regionLabel,
        ouLabel,
        accountLabel,
        units,
        h("button", { type: "button", click: () => this.go({ ...read(), state: [], ou: "", account: "", region: "", set: "", q: "" }) }, "Clear")
      );
    }
    typed(wait = TYPING) {
      clearTimeout(this.waiting);
      this.waiting = window.setTimeout(() => this.apply(), wait);
    }
    // What was typed is the filter, also where it names nothing on this page: then nothing is left.
    apply() {
      if (!this.waiting) return;
      clearTimeout(this.waiting);
      this.waiting = 0;
      const { q, ou, account, region, set } = this.fields;
      this.go({ ...read(), q: q.value, region: region.value, set: set.value, ou: ou.value, account: account.value.trim() });
    }
    // What the filter names, and the page has not.
    unknown(view) {
      const { paths, doc } = this.ledger, { ou, account } = this.fields;
      const noUnit = !!view.ou && !paths.includes(view.ou), noAccount = !!view.account && !doc.accounts.id.includes(view.account);
      ou.setAttribute("aria-invalid", String(noUnit));
      account.setAttribute("aria-invalid", String(noAccount));
      return [...noUnit ? [`no unit ${visible(view.ou)}`] : [], ...noAccount ? [`no account ${visible(view.account)}`] : []];
    }
    go(view) {
      history.replaceState(null, "", link(view));
      this.draw();
    }
    fill(view) {
      for (const [name, field] of Object.entries(this.fields)) {
        const value2 = view[name];
        if (field.value !== value2 && document.activeElement !== field) field.value = value2;
      }
    }
    drawList(shown, view) {
      const { ledger } = this, doc = ledger.doc;
      const order = ledger.worstFirst(shown, (state) => !isEmpty(view) || !QUIET.has(state));
      if (!order.length) {
        this.list.replaceChildren(h("p", {}, isEmpty(view) ? this.nothingToList(shown) : "The filter leaves none."));
        return;
      }
      const hasPosture = doc.texts.posture.length > 1, hasDrift = doc.texts.drift.some(Boolean);
      const headers = ["State", "Stack instance", "Unit", "Reason", ...hasDrift ? ["Drift"] : [], ...hasPosture ? ["Posture"] : []];
      this.list.replaceChildren(
        h("p", { class: "dim" }, isEmpty(view) ? `${many(order.length, "stack instance")} to look at: all that are neither ${doc.kind === "rollout" ? "done" : "current"} nor left out${hasPosture ? ", and all whose posture is broken" : ""}.` : many(order.length, "stack instance") + "."),
        table("Stack instances, the worst first", headers, order.length, (i) => {
          const row = order[i], state = ledger.states[ledger.state[row]];
          return [
            [h("span", { class: `chip s-${state}` }, `${SIGNS[state] ?? ""} ${words(state)}`)],
            [instanceLink(ledger, row)],
            [told(ledger.paths[doc.accounts.unit[ledger.account[row]]])],
            [told(ledger.text("reason", row))],
            ...hasDrift ? [[words(ledger.text("drift", row)).toLowerCase()]] : [],
            ...hasPosture ? [[told(ledger.text("posture", row))]] : []
          ];
        })
      );
    }
    // Only what was looked at can be told: an unknown posture is not good, and drift may never have been looked for.
    nothingToList(shown) {
      const { ledger } = this, { doc } = ledger, skipped = doc.summary.skipped ?? 0;
      if (!ledger.size) return "There are no stack instances on this page.";
      if (doc.kind === "rollout") {
        return `The rollout has carried out all of it${skipped ? `, apart from ${many(skipped, "stack instance")} that it skipped` : ""}. A filter shows any of them.`;
      }
      const unknown = ledger.withPosture(shown, isUnknown);
      return "No stack instance is in a state to look at. " + (unknown ? `The posture of ${count(unknown)} is unknown: see Posture. ` : "") + (doc.not_checked.length ? "What was not looked at is listed at the top of this page. " : "") + "A filter shows any of them.";
    }
    commands(doc) {
      if (!doc.commands.length) return null;
      return section(
        "commands",
        "Commands",
        h("p", { class: "dim" }, "This page changes nothing. To copy:"),
        h("ul", { class: "commands" }, ...doc.commands.map(({ what, command }) => {
          const copy = h("button", { type: "button", "aria-label": `Copy the command: ${what}`, click: () => {
            void navigator.clipboard?.writeText(command).then(() => {
              copy.textContent = "Copied";
            });
          } }, "Copy");
          return h("li", {}, `${what}: `, h("code", {}, visible(command)), " ", Boolean(navigator.clipboard) && copy);
        }))
      );
    }
  };
  function start() {
    const page = new Page();
    page.show(JSON.parse(document.getElementById("document").textContent));
    addEventListener("hashchange", () => page.draw());
    addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => {
      each.open = true;
    }));
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
})();

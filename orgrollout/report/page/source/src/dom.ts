// Elements are made here and nowhere else, and a text is only ever a text node.

export type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

export function h(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, String(value));
  }
  add(made, children);
  return made;
}

export function add(to: Node, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    to.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
}

// Controls, and what turns the direction of writing, are written out: nothing hides, nothing moves.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export function visible(text: string): string {
  return text.replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

const LONG = 300;
// A text that others chose: isolated, so that what is beside it keeps its direction.
export function told(text: string): HTMLElement {
  const shown = visible(text);
  if (shown.length <= LONG) return h("bdi", {}, shown);
  const all = h("bdi", {}, [...shown.slice(0, LONG)].join("") + "…");
  const more = h("button", { class: "link", type: "button", click: () => { all.textContent = shown; more.remove(); } },
    `all ${count(shown.length)} characters`);
  return h("span", {}, all, " ", more);
}

// A name in a narrow place: the beginning of it. All of it is told elsewhere, where it can be longer.
export function named(text: string, most = 60): HTMLElement {
  const shown = visible(text);
  return h("bdi", {}, shown.length > most ? shown.slice(0, most) + "…" : shown);
}

export function count(n: number): string { return n.toLocaleString("en-US"); }
export function many(n: number, what: string): string { return `${count(n)} ${what}${n === 1 ? "" : "s"}`; }
// A moment where the reader is, with its distance from UTC: a page is sent to other places.
export function moment(iso: string | null | undefined): string {
  if (!iso) return "";
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  const east = -at.getTimezoneOffset(), off = Math.abs(east);
  return isNaN(at.getTime()) ? visible(iso)
    : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
      + `${east < 0 ? "-" : "+"}${two(Math.floor(off / 60))}:${two(off % 60)}`;
}
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
export function words(name: string): string { return name.replace(/_/g, " "); }

// A table of rows that are made when they are looked at: a first part, and a button for the next.
export function table(caption: string, headers: string[], rows: number, row: (i: number) => Child[][], step = 50): HTMLElement {
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
  return h("div", { "data-table": caption },
    h("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
      h("table", { class: "list" }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), body)),
    more);
}

// The view is in the URL's fragment, so that it can be sent; a fragment never leaves the browser.

import { EMPTY, type Filter } from "./ledger.ts";

export interface View extends Filter { instance: string }

export function read(): View {
  const given = new URLSearchParams(location.hash.slice(1));
  const one = (name: string) => given.get(name) ?? "";
  return {
    state: one("state").split(",").filter(Boolean), ou: one("ou"), account: one("account"),
    region: one("region"), set: one("set"), q: one("q"), instance: one("instance"),
  };
}

export function link(view: Partial<View>): string {
  const all: View = { ...EMPTY, instance: "", ...view };
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text) made.set(name, text);
  }
  return "#" + made.toString();
}

export function isEmpty(view: View): boolean {
  return !view.state.length && !view.ou && !view.account && !view.region && !view.set && !view.q;
}

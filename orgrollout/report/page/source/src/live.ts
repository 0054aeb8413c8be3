// Following a rollout: the server tells that something changed, and the document is read again.

import type { Document } from "./document.ts";
import { moment } from "./dom.ts";

export function follow(show: (doc: Document) => void): void {
  if (location.protocol === "file:" || !document.querySelector("meta[http-equiv]")?.getAttribute("content")?.includes("connect-src")) return;
  const say = (text: string) => { const at = document.getElementById("live"); if (at && at.textContent !== text) at.textContent = text; };
  const events = new EventSource("events");
  let reading = false, again = false;
  const fetchAgain = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const got = await fetch("document.json", { cache: "no-store" });
      if (got.ok) {
        const doc = (await got.json()) as Document;
        show(doc);
        say(`Live, as of ${moment(doc.made)}.`);
      }
    } catch { say("The connection is lost; trying again."); }
    reading = false;
    if (again) { again = false; void fetchAgain(); }
  };
  events.addEventListener("changed", () => void fetchAgain());
  events.addEventListener("over", (event) => { events.close(); void fetchAgain().then(() => say(`No longer live: ${(event as MessageEvent<string>).data}`)); });
  events.onopen = () => say("Live.");
  events.onerror = () => say("The connection is lost; trying again.");
}

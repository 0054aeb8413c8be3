// Following a rollout: the server tells that something changed, and the document is read again.

import type { Document } from "./document.ts";
import { moment } from "./dom.ts";

export function follow(show: (doc: Document) => void): void {
  if (location.protocol === "file:" || !document.querySelector("meta[http-equiv]")?.getAttribute("content")?.includes("connect-src")) return;
  const say = (text: string) => { const at = document.getElementById("live"); if (at && at.textContent !== text) at.textContent = text; };
  const events = new EventSource("events");
  let reading = false, again = false, over = "";
  const fetchAgain = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const got = await fetch("document.json", { cache: "no-store" });
      if (got.ok) {
        const doc = (await got.json()) as Document;
        show(doc);
        say(over || `Live, as of ${moment(doc.made)}.`);
      }
    } catch { say(over || "The connection is lost; trying again."); }
    reading = false;
    if (again) { again = false; void fetchAgain(); }
  };
  events.addEventListener("changed", () => void fetchAgain());
  events.addEventListener("over", (event) => {
    events.close();
    over = `No longer live: ${(event as MessageEvent<string>).data}`;
    void fetchAgain().then(() => say(over));
  });
  events.onopen = () => say("Live.");
  // After an answer that is an error, a browser does not try again.
  events.onerror = () => say(over || (events.readyState === EventSource.CLOSED
    ? "Not live: the server takes no more readers (at most 50 follow). Reload the page to try again."
    : "The connection is lost; trying again."));
}

// What a reader has chosen on the page, kept while the page is drawn again from a newer document.

export class Kept {
  private readonly open = new Map<string, boolean>();
  private readonly rows = new Map<string, number>();
  private readonly scrolled = new Map<string, [number, number]>();
  private readonly at = [scrollX, scrollY] as const;
  private readonly focus: string;
  private readonly caret: [number | null, number | null] | null = null;

  constructor(private readonly main: HTMLElement) {
    for (const each of this.details()) this.open.set(each.dataset.keep!, each.open);
    for (const each of this.tables()) {
      this.rows.set(each.dataset.table!, each.querySelectorAll("tbody > tr").length);
      const scrolls = each.querySelector(".scrolls")!;
      this.scrolled.set(each.dataset.table!, [scrolls.scrollLeft, scrolls.scrollTop]);
    }
    const active = document.activeElement;
    this.focus = active && active !== main && main.contains(active) ? selector(active) : "";
    if (active instanceof HTMLInputElement) this.caret = [active.selectionStart, active.selectionEnd];
  }

  restore(): void {
    for (const each of this.details()) each.open = this.open.get(each.dataset.keep!) ?? each.open;
    for (const each of this.tables()) {
      const rows = this.rows.get(each.dataset.table!) ?? 0, more = each.querySelector<HTMLButtonElement>(":scope > .more")!;
      while (!more.hidden && each.querySelectorAll("tbody > tr").length < rows) more.click();
      const [left, top] = this.scrolled.get(each.dataset.table!) ?? [0, 0], scrolls = each.querySelector(".scrolls")!;
      scrolls.scrollLeft = left;
      scrolls.scrollTop = top;
    }
    const focus = this.focus ? this.main.querySelector<HTMLElement>(this.focus) : null;
    focus?.focus({ preventScroll: true });
    if (this.caret && focus instanceof HTMLInputElement) focus.setSelectionRange(...this.caret);
    scrollTo(...this.at);
  }

  private details(): NodeListOf<HTMLDetailsElement> { return this.main.querySelectorAll<HTMLDetailsElement>("details[data-keep]"); }
  private tables(): NodeListOf<HTMLElement> { return this.main.querySelectorAll<HTMLElement>("[data-table]"); }
}

// Where the same element is on a page that is drawn again.
function selector(element: Element): string {
  const { key, state, tool } = (element as HTMLElement).dataset;
  const details = element.matches("summary") && element.closest<HTMLElement>("[data-keep]");
  const table = element.matches(".more, .scrolls") && element.closest<HTMLElement>("[data-table]");
  const label = element.matches("button") && element.getAttribute("aria-label"), href = element.getAttribute("href");
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (key) return `[data-key="${CSS.escape(key)}"]`;
  if (state) return `[data-state="${CSS.escape(state)}"]`;
  if (tool) return `[data-tool="${CSS.escape(tool)}"]`;
  if (details) return `[data-keep="${CSS.escape(details.dataset.keep!)}"] > summary`;
  if (table) return `[data-table="${CSS.escape(table.dataset.table!)}"] > ${element.matches(".more") ? ".more" : ".scrolls"}`;
  if (label) return `button[aria-label="${CSS.escape(label)}"]`;
  if (href) return `#${CSS.escape(element.closest("section")?.id || "page")} a[href="${CSS.escape(href)}"]`;
  return "";
}

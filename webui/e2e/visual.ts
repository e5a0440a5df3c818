// What an eye would find wrong with a page, as measurements.
import { expect, type Page } from "@playwright/test";

/** Every page of a federation that has blocks, and those without one; none of them needs a wallet. */
export function pagesOf(federation: string): Readonly<Record<string, string>> {
  return {
    home: "",
    federation: `federation/${federation}`,
    chain: `chain/${federation}`,
    round: `chain/${federation}?round=3`,
    block: `block/${federation}/2`,
    model: `model/${federation}`,
    participate: `participate/${federation}`,
    admin: `admin/${federation}`,
    create: "create",
    network: "network",
    "not found": "no/such/page",
    "no federation": "federation/0x00000000000000000000000000000000000000aa",
    "no block": `block/${federation}/999999`,
  };
}

/** Load a page anew, as somebody does who follows a link from elsewhere, and wait until it has all that it shows. */
export async function load(page: Page, path: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`./#/${path}`);
  await settled(page);
}

/** Wait until nothing is being read any more, and for a moment nothing changes. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const done = () => {
          observer.disconnect();
          resolve();
        };
        let timer = setTimeout(done, 400);
        const observer = new MutationObserver(() => {
          clearTimeout(timer);
          timer = setTimeout(done, 400);
        });
        observer.observe(document.body, { childList: true, subtree: true });
      }),
  );
}

/** One heading of the first level, the landmarks, and a title of its own. */
export async function expectStructure(page: Page): Promise<string> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  for (const landmark of ["banner", "main", "contentinfo"] as const) {
    await expect(page.getByRole(landmark)).toHaveCount(1);
  }
  await expect(page.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
  return page.title();
}

/** Sum of the layout's shifts since the page was loaded, with what moved. Install before the first page is opened. */
export async function watchShifts(page: Page): Promise<() => Promise<{ sum: number; moved: string[] }>> {
  await page.addInitScript(() => {
    interface Shift extends PerformanceEntry {
      value: number;
      hadRecentInput: boolean;
      sources: readonly { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
    }
    const found = { sum: 0, moved: [] as string[] };
    Object.assign(window, { shifts: found });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        found.sum += entry.value;
        for (const { node, previousRect: from, currentRect: to } of entry.sources) {
          const text = (node?.textContent ?? "").slice(0, 40);
          found.moved.push(
            `${entry.value.toFixed(4)} ${text}: ${[from, to].map((box) => `${box.left},${box.top},${box.width},${box.height}`).join(" > ")}`,
          );
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () =>
    page.evaluate(() => (window as unknown as { shifts: { sum: number; moved: string[] } }).shifts);
}

/** What reaches beyond the page, is cut, lies over another text, or cannot be clicked on. */
export async function misplaced(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const name = (element: Element) =>
      `<${element.tagName.toLowerCase()}> ${(element.textContent ?? "").trim().slice(0, 60)}`;
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
      faults.push(`the document is ${document.documentElement.scrollWidth} wide`);
    }
    const hidden = (element: Element) => element.closest(".sr-only, [aria-hidden=true], dialog:not([open])");

    /** The part of a box that the elements around it let be seen; null: nothing of it. */
    const seen = (box: DOMRect, from: Element | null) => {
      let [left, right, top, bottom] = [box.left, box.right, box.top, box.bottom];
      for (let around = from; around !== null; around = around.parentElement) {
        const style = getComputedStyle(around);
        if (style.overflowX === "visible" && style.overflowY === "visible") continue;
        const edge = around.getBoundingClientRect();
        left = Math.max(left, edge.left);
        right = Math.min(right, edge.right);
        top = Math.max(top, edge.top);
        bottom = Math.min(bottom, edge.bottom);
      }
      return right - left > 1 && bottom - top > 1 ? { left, right, top, bottom } : null;
    };

    const texts: { of: Element; left: number; right: number; top: number; bottom: number }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const parent = node.parentElement;
      if (parent === null || (node.textContent ?? "").trim() === "" || hidden(parent)) continue;
      if (!parent.checkVisibility({ visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        const part = seen(box, parent);
        if (part === null) continue;
        if (part.right > width + 1 || part.left < -1) faults.push(`beyond the page: ${name(parent)}`);
        texts.push({ of: parent, ...part });
      }
    }
    texts.sort((a, b) => a.top - b.top);
    for (const [at, one] of texts.entries()) {
      for (const other of texts.slice(at + 1)) {
        if (other.top > one.bottom - 3) break;
        const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        if (
          across > 2 &&
          other.of !== one.of &&
          !one.of.closest("header.sticky") &&
          !other.of.closest("header.sticky")
        ) {
          faults.push(`overlap: ${name(one.of)} and ${name(other.of)}`);
        }
      }
    }

    for (const element of document.querySelectorAll("main *, header *, footer *")) {
      if (hidden(element) || element.closest("svg, input, select")) continue;
      const style = getComputedStyle(element);
      const cut = style.overflowX === "hidden" || style.overflowX === "clip";
      const told = element.getAttribute("title"); // what is cut on purpose tells all of it
      if (cut && told === null && element.scrollWidth > element.clientWidth + 1)
        faults.push(`cut: ${name(element)}`);
    }

    for (const element of document.querySelectorAll(
      "main a, main button, main input, main select, header a, header button",
    )) {
      if (hidden(element) || element.closest("svg") || !element.checkVisibility()) continue;
      element.scrollIntoView({ block: "center", inline: "center" });
      const box = element.getBoundingClientRect();
      const line = element.getClientRects()[0] ?? box;
      const hit = document.elementFromPoint(line.left + line.width / 2, line.top + line.height / 2);
      if (hit === null || !(element.contains(hit) || hit.contains(element))) {
        faults.push(`covered: ${name(element)} by ${hit === null ? "nothing" : name(hit)}`);
      }
    }
    window.scrollTo(0, 0);
    return [...new Set(faults)];
  });
}

import type { Page } from "@playwright/test";
import type { Address } from "viem";
import { cidText } from "../src/lib/cid";
import { createFederation, joinAsMiner } from "./chain";
import { connect, expect, test } from "./fixtures";
import { deployToken, ENDPOINT, MANIFESTS, publish, TITLE } from "./hostile";
import { stack } from "./stack";
import { load, misplaced } from "./visual";

const REQUESTER = 21;
const MINER = 22;

/** What must not happen while strangers' texts are shown; ask it at the end. */
function listen(page: Page): () => string[] {
  const { webui, rpc, gateway } = stack();
  const ours = new Set([webui, rpc, gateway].map((url) => new URL(url).host));
  const heard: string[] = [];
  page.on("dialog", (dialog) => {
    heard.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => heard.push(`another page: ${popup.url()}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && !ours.has(url.host)) heard.push(`a request: ${url.href}`);
  });
  page.on("framenavigated", (frame) => {
    if (!frame.url().startsWith(webui) && frame.url() !== "about:blank") heard.push(`to ${frame.url()}`);
  });
  return () => heard;
}

/** Nothing of it ran or became markup, nothing is endless or hides its letters, and the page keeps its shape. */
async function expectHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const texts: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode.textContent ?? "");
    const markup = 'iframe, object, embed, [onerror], [onload], [onmouseover], img[src="x"]';
    return {
      ran: "__pwned" in window,
      markup: document.querySelectorAll(`${markup}, a[href^="javascript:"], a[href^="data:"]`).length,
      longest: Math.max(...texts.map((text) => text.length)),
      hiding: texts.filter((text) => /[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/.test(text)),
      title: document.title.length,
    };
  });
  expect(found).toMatchObject({ ran: false, markup: 0, hiding: [] });
  expect(found.longest).toBeLessThan(1000);
  expect(found.title).toBeLessThan(200);
  expect(await misplaced(page)).toEqual([]);
}

test("a federation of traps is text on every page, and the pages stay usable", async ({ page }) => {
  test.setTimeout(180_000);
  const manifest = await publish(MANIFESTS.markup ?? "");
  const token = await deployToken(REQUESTER, `<b>$\u202E${"H".repeat(3000)}`);
  const rewards = { token, perRound: 2n ** 90n, dataBps: 10_000, claimSeconds: 86_400 };
  const federation = await createFederation(REQUESTER, 1000, { config: { manifest }, rewards });
  await joinAsMiner(federation, MINER, { endpoint: ENDPOINT });
  const heard = listen(page);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of [
    "",
    `federation/${federation}`,
    `chain/${federation}`,
    `model/${federation}`,
    `participate/${federation}`,
    `admin/${federation}`,
    `create?manifest=${cidText(manifest)}&model=${cidText(manifest)}`,
    `block/${federation}/${encodeURIComponent(TITLE)}`,
    `federation/${encodeURIComponent(ENDPOINT)}`,
    `${encodeURIComponent(TITLE)}/%E0%A4%A`,
  ]) {
    await test.step(path, async () => {
      await load(page, path);
      await expectHarmless(page);
    });
  }
  await load(page, `federation/${federation}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Trap <img src=x onerror=");
  await expect(page.getByText("javascript:window.__pwned=1//")).toBeAttached();
  await page.getByRole("link", { name: "Admin" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Admin");
  expect(heard()).toEqual([]);
});

test("its owner sees a hostile endpoint as text", async ({ page, wallet }) => {
  const federation = await createFederation(REQUESTER, 1);
  await joinAsMiner(federation, MINER, { endpoint: ENDPOINT });
  const heard = listen(page);
  await wallet.chooseAccount(MINER).catch(() => undefined);
  await page.goto(`./#/participate/${federation}`);
  await connect(page);
  await expect(page.getByText("Move its API")).toBeVisible();
  await expectHarmless(page);
  expect(heard()).toEqual([]);
});

test("documents that are no manifests leave a federation readable", async ({ page }) => {
  test.setTimeout(180_000);
  const made: [string, Address][] = [];
  for (const [name, text] of Object.entries(MANIFESTS).slice(1)) {
    made.push([name, await createFederation(REQUESTER, 1, { config: { manifest: await publish(text) } })]);
  }
  const heard = listen(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await load(page, "");
  await expectHarmless(page);
  for (const [name, federation] of made) {
    await test.step(name, async () => {
      await load(page, `federation/${federation}`);
      await expectHarmless(page);
      await expect(page.getByRole("heading", { name: "Parameters" })).toBeVisible();
    });
  }
  expect(heard()).toEqual([]);
});

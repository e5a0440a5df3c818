import type { Page } from "@playwright/test";
import { federationAbi } from "../src/generated/abi";
import { expectAccessible } from "./acting";
import { createFederation, joinAsMiner, publicClient, registerDevice, walletOf } from "./chain";
import { connect, expect, test } from "./fixtures";
import { showcase } from "./showcase";
import { expectStructure, load, misplaced, pagesOf, settled, watchShifts } from "./visual";

const REQUESTER = 33;
const MINER = 34;
const DEVICE = 35;
/** Of the federation with a past: they only look. */
const [PAST_REQUESTER, PAST_DEVICE] = [24, 27];

/** What a shift may be worth: the least that "good" means is 0.1. */
const MOST_SHIFT = 0.01;

const VIEWS = [
  ["a telephone", { width: 390, height: 844 }],
  ["a screen", { width: 1440, height: 900 }],
] as const;
const SCHEMES = ["light", "dark"] as const;

let federation = "";

test.beforeAll(async () => {
  test.setTimeout(900_000);
  federation = await showcase(4);
});

/** In both schemes nothing of the page is cut, covered or hard to read. */
async function expectInShape(page: Page, title: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator(`html[data-theme="${colorScheme}"]`)).toBeAttached();
    expect.soft(await misplaced(page), `${title}, ${colorScheme}`).toEqual([]);
    await expectAccessible(page);
  }
}

for (const [name, viewport] of VIEWS) {
  test(`on ${name}, light and dark, no page is cut, covered, hard to read, or moves while it loads`, async ({
    page,
  }) => {
    test.setTimeout(240_000);
    await page.setViewportSize(viewport);
    const shifts = await watchShifts(page);
    const titles = new Set<string>();
    for (const [title, path] of Object.entries(pagesOf(federation))) {
      await test.step(title, async () => {
        await load(page, path);
        const { sum, moved } = await shifts();
        expect.soft(sum, `${title}: ${moved.join("; ")}`).toBeLessThan(MOST_SHIFT);
        titles.add(await expectStructure(page));
        await expectInShape(page, title);
      });
    }
    expect(titles.size).toBe(Object.keys(pagesOf(federation)).length - 1); // a round is shown on the chain's page
  });

  test(`on ${name}, light and dark, what a wallet's account can do is not cut, covered or hard to read`, async ({
    page,
    wallet,
  }) => {
    await page.setViewportSize(viewport);
    await load(page, "");
    await connect(page);
    await load(page, `participate/${federation}`);
    await wallet.chooseAccount(PAST_DEVICE);
    await expect(page.getByText("Bound to")).toBeVisible();
    await settled(page);
    await expectInShape(page, "participate, as a device");
    await load(page, `admin/${federation}`);
    await wallet.chooseAccount(PAST_REQUESTER);
    await expect(page.getByRole("button", { name: "Pause" })).toBeEnabled();
    await settled(page);
    await expectInShape(page, "admin, as the requester");
  });
}

test("every step of the wizard keeps its shape and can be read", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await load(page, "create");
  const steps = page.getByRole("navigation", { name: "Steps" }).getByRole("button");
  for (const step of await steps.all()) {
    await step.click();
    await settled(page);
    expect.soft(await misplaced(page), await step.innerText()).toEqual([]);
    await expectAccessible(page);
  }
});

test("nothing moves on a federation's page while members join and its first round opens", async ({
  page,
}) => {
  const address = await createFederation(REQUESTER, 3);
  const shifts = await watchShifts(page);
  await load(page, `federation/${address}`);
  const miner = await joinAsMiner(address, MINER);
  await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
  await registerDevice(miner, DEVICE);
  await expect(page.getByRole("heading", { name: "Devices (1)" })).toBeVisible();
  const call = { address, abi: federationAbi, functionName: "tick", chain: null } as const;
  await publicClient().waitForTransactionReceipt({ hash: await walletOf(REQUESTER).writeContract(call) });
  await expect(page.getByRole("heading", { name: "Round 1 of 3" })).toBeVisible();
  const { sum, moved } = await shifts();
  expect(sum, moved.join("; ")).toBeLessThan(MOST_SHIFT);
});

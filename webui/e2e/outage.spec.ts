// A chain that is gone for a while, and one that is another one when it is back.
import type { Page } from "@playwright/test";
import { createFederation, joinAsMiner } from "./chain";
import { CutLine } from "./cut-line";
import { expect, test } from "./fixtures";
import { SpareChain } from "./spare-chain";
import { stack } from "./stack";

const [REQUESTER, MINER] = [34, 35] as const;
/** What a browser itself writes into the console when nobody answers. */
const NOBODY = /Failed to load resource|WebSocket connection to .* failed/;

async function setNetwork(page: Page, rpc: string, ws = ""): Promise<void> {
  await page.goto("./#/network");
  await page.getByLabel("RPC").fill(rpc);
  await page.getByLabel("WebSocket").fill(ws);
  await page.getByRole("button", { name: "Keep and reload" }).click();
  await expect(page.getByRole("main").getByText(rpc)).toBeVisible();
}

function expectOnlyNobody(complaints: string[]): void {
  expect(complaints.splice(0).filter((complaint) => !NOBODY.test(complaint))).toEqual([]);
}

for (const [way, words] of [
  ["polling", "live by polling"],
  ["WebSocket", "live"],
] as const) {
  test(`an RPC that is gone leaves what was read, is told, and is gone on with when it is back (${way})`, async ({
    page,
    complaints,
  }) => {
    const federation = await createFederation(REQUESTER, 3);
    const line = await CutLine.start(stack().rpc);
    try {
      await setNetwork(page, `http://${line.address}`, way === "WebSocket" ? `ws://${line.address}` : "");
      const badge = page.getByRole("banner").getByRole("status");
      await page.goto(`./#/federation/${federation}`);
      await expect(page.getByText("miners: 0 of 1")).toBeVisible();
      await expect(badge).toHaveAccessibleName(`Local chain: ${words}`);

      line.switchOff();
      const notice = page.getByText(`The chain does not answer at http://${line.address}`);
      await expect(notice).toBeVisible();
      await expect(badge).toHaveAccessibleName("Local chain: does not answer");
      await expect(page.getByText("miners: 0 of 1")).toBeVisible();
      await joinAsMiner(federation, MINER);
      await expect(page.getByText("miners: 0 of 1")).toBeVisible();
      await page.goto(`./#/chain/${stack().federation}`); // which was not read before
      await expect(page.getByText("The chain's RPC does not answer.")).toBeVisible();
      await expect(notice).toBeVisible();

      line.switchOn();
      await expect(page.getByRole("group", { name: "Lineage of blocks" })).toBeVisible();
      await expect(notice).toBeHidden();
      await page.goto(`./#/federation/${federation}`);
      await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
      await expect(badge).toHaveAccessibleName(`Local chain: ${words}`);
      await expect(page.getByRole("alert")).toBeHidden();
      expectOnlyNobody(complaints);
    } finally {
      line.stop();
    }
  });
}

/** Whether the browser keeps an event of this name. */
const keeps = (page: Page, name: string) =>
  page.evaluate(
    (wanted) =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open("minerva");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction("segments").objectStore("segments").getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => {
            const segments = reading.result as { events: { name: string }[] }[];
            opening.result.close();
            resolve(segments.some(({ events }) => events.some((event) => event.name === wanted)));
          };
        };
      }),
    name,
  );

test("a local chain that was started anew under its id is told by its first block, open or not", async ({
  page,
  complaints,
}) => {
  const now = Math.floor(Date.now() / 1000);
  const chain = await SpareChain.make();
  const create = (rounds: number) => createFederation(REQUESTER, rounds, { rpc: chain.rpc });
  const notice = page.getByRole("alert").filter({ hasText: "This chain was started anew." });
  try {
    await chain.start(now - 3_000);
    const federation = await create(2);
    const second = await create(3);
    await joinAsMiner(federation, MINER, { rpc: chain.rpc });
    await setNetwork(page, chain.rpc);
    await notice.getByRole("button", { name: "Understood" }).click(); // it is not the stack's chain
    await page.goto("./#/");
    await expect(page.getByRole("article")).toHaveCount(2);
    await page.goto(`./#/federation/${federation}`);
    await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
    await expect.poll(() => keeps(page, "MinerJoined")).toBe(true);
    await expect(notice).toBeHidden();

    await chain.end();
    await chain.start(now - 2_000);
    expect(await create(4)).toBe(federation);
    await expect(notice).toContainText("Clear your wallet's activity data for this network too");
    await expect(page.getByText("miners: 0 of 1")).toBeVisible();
    await expect.poll(() => keeps(page, "MinerJoined")).toBe(false);
    await page.goto("./#/");
    await expect(page.getByRole("article")).toHaveCount(1);
    await notice.getByRole("button", { name: "Understood" }).click();
    await expect(notice).toBeHidden();
    await page.reload();
    await expect(page.getByRole("article")).toHaveCount(1);
    await expect(notice).toBeHidden();

    await page.goto("about:blank");
    await chain.end();
    await chain.start(now - 1_000);
    await page.goto(`./#/federation/${second}`);
    await expect(notice).toBeVisible();
    await expect(page.getByText("The factory knows no federation")).toBeVisible();
    await expect.poll(() => keeps(page, "FederationCreated")).toBe(false);
    expectOnlyNobody(complaints);
  } finally {
    await chain.end();
  }
});

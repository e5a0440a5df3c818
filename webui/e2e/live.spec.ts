import { createFederation, creation, factory, joinAsMiner } from "./chain";
import { expect, test } from "./fixtures";
import { SpareChain } from "./spare-chain";
import { anvilAccount } from "./wallet";

let chain: SpareChain;
let end = async () => {};

test.beforeAll(async () => {
  chain = await SpareChain.make();
  end = () => chain.end();
  await chain.start(Math.floor(Date.now() / 1000) - 3_000);
});

test.afterAll(() => end());

for (const [webSocket, reach] of [
  [true, "live"],
  [false, "live by polling"],
] as const) {
  test(`${reach}: what happens is seen, and goes when its block goes`, async ({ page }) => {
    await chain.serve(page, webSocket);
    const federation = await createFederation(1, 3, { rpc: chain.rpc });
    await page.goto(`./#/federation/${federation}`);
    await expect(page.getByRole("status", { name: `Local chain: ${reach}`, exact: true })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Miners (0)" })).toBeVisible();

    const before = await chain.ask("evm_snapshot");
    await joinAsMiner(federation, 2, { rpc: chain.rpc });
    await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
    await expect(page.getByText("miners: 0 of 1")).toBeHidden();

    await chain.ask("evm_revert", before);
    await chain.ask("evm_mine"); // a block of the same number, without the miner
    await expect(page.getByRole("heading", { name: "Miners (0)" })).toBeVisible();
    await expect(page.getByText("No miner has joined yet")).toBeVisible();
    await expect(page.getByText("miners: 0 of 1")).toBeVisible();

    await page.reload(); // nor is it among what the browser kept
    await expect(page.getByText("No miner has joined yet")).toBeVisible();
    await joinAsMiner(federation, 3, { rpc: chain.rpc });
    await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
    await expect(page.getByTitle(anvilAccount(3).address).first()).toBeVisible();
  });
}

test("of hundreds of federations the oldest are found, too, and not all are asked about at once", async ({
  page,
}) => {
  await chain.serve(page, true);
  const { address: from } = anvilAccount(4);
  const nonce = Number(await chain.ask("eth_getTransactionCount", from, "latest"));
  const transaction = { from, to: factory(), data: await creation(3), gas: "0x16e360" };
  await chain.ask("evm_setAutomine", false);
  const sent = Array.from({ length: 205 }, (_, at) =>
    chain.ask("eth_sendTransaction", { ...transaction, nonce: `0x${(nonce + at).toString(16)}` }),
  );
  await Promise.all(sent);
  await chain.ask("anvil_mine", "0x8");
  await chain.ask("evm_setAutomine", true);

  await page.goto("./");
  await page.getByPlaceholder("Title, task, address").fill("handwritten");
  await expect(page.getByRole("button", { name: "Show more of 200" })).toBeVisible();
  await expect(page.getByText(/of the newest 200 of 2\d\d were searched/)).toBeVisible();
  await page.getByRole("button", { name: "Search older ones" }).click();
  await expect(
    page.getByRole("button", { name: /Show more of 20[5-9]|Show more of 2[1-9]\d/ }),
  ).toBeVisible();
  await expect(page.getByText("were searched")).toBeHidden();
});

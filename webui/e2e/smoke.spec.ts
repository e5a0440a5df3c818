import { expectAccessible, expectConfined } from "./acting";
import { createFederation, joinAsMiner, registerDevice } from "./chain";
import { connect, expect, test } from "./fixtures";
import { stack } from "./stack";

const [REQUESTER, MINER, DEVICE] = [7, 8, 9];

test("without a wallet the federations are there to be read, searched and opened", async ({ page }) => {
  await page.goto("./");
  const card = page.getByRole("article").filter({ hasText: stack().federation.slice(-4) });
  await expect(card.getByRole("heading")).toHaveText("Handwritten digits");
  await expectAccessible(page);
  await page.getByPlaceholder("Title, task, address").fill("no such federation");
  await expect(page.getByText("No federation fits this search")).toBeVisible();
  await page.getByPlaceholder("Title, task, address").fill("handwritten");
  await card.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Handwritten digits");
  await expect(page.getByText("Waits for")).toBeVisible();
  await expectAccessible(page);
});

test("the page speaks to the configured chain and gateway, and to nobody else", async ({
  page,
  complaints,
}) => {
  await page.goto("./#/network");
  await expect(page.getByText(stack().rpc)).toBeVisible();
  await expectAccessible(page);
  await expectConfined(page, complaints);
});

test("a write goes from the signature to its block, a refusal is no error, and what follows is seen live", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 3);
  await page.goto(`./#/federation/${federation}`);
  await expect(page.getByText("miners: 0 of 1")).toBeVisible();

  const miner = await joinAsMiner(federation, MINER);
  await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible();
  const device = await registerDevice(miner, DEVICE, 1234);
  await expect(page.getByRole("heading", { name: "Devices (1)" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Devices" }).getByTitle(device)).toBeVisible();
  await expect(page.getByRole("cell", { name: "1,234" })).toBeVisible();

  const button = page.getByRole("button", { name: "Do what is due" });
  await expect(button).toBeDisabled();
  await connect(page);
  await expect(page.getByText(/Costs at most .* ETH for [\d,]+ gas/)).toBeVisible();

  wallet.refuseNext();
  await button.click();
  await expect(page.getByText("declined in the wallet, nothing was sent")).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();

  await button.click();
  await expect(page.getByRole("heading", { name: "Round 1 of 3" })).toBeVisible();
  await expect(page.getByText("Do what is due: done")).toBeVisible();
  await expect(page.locator("[aria-current=step]").first()).toContainText("Train");
  expect(wallet.asked.filter((method) => method === "eth_sendTransaction")).toHaveLength(2);
});

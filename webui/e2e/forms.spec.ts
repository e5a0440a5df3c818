// Creating a federation in the wizard, taking part in it, and governing it: by a wallet that signs real transactions.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { connect, expect, test } from "./fixtures";
import { background, minerva, stack } from "./stack";
import { anvilAccount } from "./wallet";

const REQUESTER = 11;
const DEVICE = 31;
const NODE = 13;

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

const step = (page: Page, name: RegExp) =>
  page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name }).click();

test("a federation is created in the wizard, joined, governed and closed", async ({ page, wallet }) => {
  test.setTimeout(400_000);
  const published = await minerva("task", "publish", "digits", "--set", "create.title=Made in a browser");
  expect(String(published.create).startsWith(`${stack().webui}/#/create?`)).toBe(true);
  await page.goto(String(published.create));
  await expect(page.getByRole("region", { name: "What was found" })).toContainText("Made in a browser");
  await expect(page.getByText(/The genesis model has [\d,]+ numbers/)).toBeVisible();
  await expectAccessible(page);
  await connect(page);
  await wallet.chooseAccount(REQUESTER);

  await step(page, /Rounds/);
  await page.getByLabel("Least miners").fill("17");
  await expect(page.getByText("It is from 1 to 16 (“Most miners”).")).toBeVisible();
  await page.getByLabel("Least miners").fill("1");
  await page.getByLabel("Rounds", { exact: true }).fill("2");
  await expectAccessible(page);
  await step(page, /Members/);
  await page.getByLabel("Miners stake").selectOption("yes");
  await page.getByLabel("Least stake of a miner").fill("0.5");
  await step(page, /Rewards/);
  await page.getByLabel("What a round may cost").fill("0.01");
  await expect(page.getByText(/at most .* ETH for [\d,]+ gas/)).toBeVisible();
  await step(page, /Check and sign/);
  await expect(page.getByText("0.02 ETH")).toBeVisible();
  await expectAccessible(page);
  const create = page.getByRole("button", { name: "Create the federation" });
  wallet.refuseNext();
  await create.click();
  await expect(page.getByText("declined in the wallet, nothing was sent")).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();
  await create.click();
  await expect(page.getByRole("heading", { name: "Your federation is there" })).toBeVisible();

  await page.getByRole("link", { name: "To the escrow" }).click();
  await page.getByRole("button", { name: "Fund the escrow" }).click();
  await expect(page.getByText("Fund the escrow: done")).toBeVisible();
  await expect(page.getByRole("button", { name: "Fund the escrow" })).toBeHidden();
  await expectAccessible(page);
  await wallet.chooseAccount(DEVICE);
  await expect(page.getByRole("button", { name: "Pause" })).toBeDisabled();
  await expect(page.getByText("Who may: whoever has the role of pauser.")).toBeVisible();

  await page.getByRole("link", { name: "Participate" }).click();
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await wallet.chooseAccount(REQUESTER);
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await expect(page.getByText(/First stake/)).toBeVisible();
  await page.getByLabel("Sum").first().fill("0.75");
  await page.getByRole("button", { name: "Stake it" }).click();
  await expect(page.getByText("Stake it: done")).toBeVisible();
  await page.getByLabel("Where its API answers").fill("javascript:alert(1)");
  await expect(page.getByText("It begins with http:// or https://.")).toBeVisible();
  await page.getByLabel("Where its API answers").fill("http://127.0.0.1:9");
  await page.getByRole("button", { name: "Register the miner" }).click();
  await expect(page.getByText("Register the miner: done")).toBeVisible();
  await expect(page.getByText("You can take out 0.25 ETH")).toBeVisible();
  await expectAccessible(page);

  await wallet.chooseAccount(DEVICE);
  await page.getByRole("button", { name: "I have data: a device" }).click();
  const told = await minerva("device", "commitment", "--set", "device.task=digits");
  await page.getByLabel("Root of the data").fill(String(told.datasetRoot));
  await page.getByLabel("Samples").fill(String(told.datasetSize));
  await page.getByLabel("Rate").fill(String(told.rateNs));
  await page.getByRole("button", { name: "Register the device" }).click();
  await expect(page.getByText("miner 0", { exact: true })).toBeVisible();
  await expect(page.getByText(/minerva device run 0x\w{40} --account anvil:20/)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Leave the federation" }).click();
  await expect(page.getByText("This account is no device here.")).toBeVisible();

  await page.getByRole("link", { name: "Admin" }).click();
  await wallet.chooseAccount(REQUESTER);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByText("Go on: done")).toBeVisible();
  await page.getByLabel("Module").selectOption("committee");
  await page.getByRole("button", { name: "Announce the change" }).click();
  await expect(page.getByText(/Announced: committee, from round 2 on/)).toBeVisible();
  await page.getByLabel("End it for good").check();
  await page.getByRole("button", { name: "Close the federation" }).click();
  await expect(page.getByText("This federation is over")).toBeVisible();
  await page.getByRole("button", { name: "Return the rest" }).click();
  await expect(page.getByText("Return the rest: done")).toBeVisible();
  expect(anvilAccount(REQUESTER).address).toBe(wallet.address);
});

test("what a round brought is told in words, and claimed with a proof that the contract takes", async ({
  page,
  wallet,
}) => {
  test.setTimeout(400_000);
  const rewards = ["--set", "create.reward_per_round=0.01ether", "--set", "create.rounds=1"];
  const made = await minerva("federation", "create", "--task", "digits", ...rewards, "--account", "anvil:12");
  const federation = String(made.federation);
  await minerva("federation", "fund", federation, "--account", "anvil:12");
  const state = ["--state", ".minerva/e2e-node", "--set", "miner.port=0"];
  const stop = background("node", "run", federation, "--account", `anvil:${NODE}`, ...state);
  try {
    await page.goto(`./#/participate/${federation}`);
    await connect(page);
    await wallet.chooseAccount(NODE);
    const receipt = page.getByRole("region", { name: "Receipt" });
    await expect(receipt).toContainText("You earned 0.00", { timeout: 300_000 });
    await expect(receipt).toContainText("for its update: 1,437 counted samples");
    await expect(receipt).toContainText("for the block that it proposed");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Claim all of it" }).click();
    await expect(page.getByText("Claim all of it: done")).toBeVisible();
    await expect(page.getByRole("button", { name: "Nothing to claim yet" })).toBeDisabled();
  } finally {
    await stop();
  }
  const shown = await minerva("rewards", "show", federation, "--of", wallet.address);
  expect([shown.mayClaim, shown.claimed === shown.earned]).toEqual(["0", true]);
});

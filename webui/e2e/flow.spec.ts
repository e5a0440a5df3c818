// A federation from its creation to its end: by wallets in the page, and by a miner and a device from the command line.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { formatAmount } from "../src/lib/format";
import { expectAccessible, goTo, toStep } from "./acting";
import { publicClient } from "./chain";
import { connect, expect, test } from "./fixtures";
import { folder, minerva, stack, typed } from "./stack";
import type { TestWallet } from "./wallet";

/** Of anvil's accounts: the requester's, and those of the page's own commands. */
const [REQUESTER, MINER, DEVICE] = [11, 4, 20];
const ROUND_MS = 120_000;
const ACCEPTED_MS = 240_000;
/** Of the table of rounds. */
const ACCEPTED_COLUMN = 5;

/** Others on this machine may listen on the usual port. */
function takeAnyPort(): void {
  const path = join(folder(), ".minerva", "minerva.toml");
  writeFileSync(path, readFileSync(path, "utf8").replace("port = 8650", "port = 0"));
}

/** Run exactly the command that the page shows. */
async function runAsShown(page: Page, role: string, command: string): Promise<() => Promise<void>> {
  await goTo(page, "participate");
  await page.getByRole("button", { name: role }).click();
  const line = await page.getByText(new RegExp(`^minerva ${command} run 0x`)).innerText();
  return typed(line);
}

async function createInTheWizard(page: Page, wallet: TestWallet): Promise<void> {
  const published = await minerva("task", "publish", "digits", "--set", "create.title=Made in a browser");
  expect(String(published.create).startsWith(`${stack().webui}/#/create?`)).toBe(true);
  await page.goto(String(published.create));
  await expect(page.getByRole("region", { name: "What was found" })).toContainText("Made in a browser");
  await expect(page.getByText(/The genesis model has [\d,]+ numbers/)).toBeVisible();
  await expectAccessible(page);
  await connect(page);
  await wallet.chooseAccount(REQUESTER);
  await toStep(page, /Rounds/);
  await page.getByLabel("Least miners").fill("17");
  await expect(page.getByText("It is from 1 to 16 (“Most miners”).")).toBeVisible();
  await page.getByLabel("Least miners").fill("1");
  await page.getByLabel("Rounds", { exact: true }).fill("30");
  await expectAccessible(page);
  await toStep(page, /Rewards/);
  await page.getByLabel("What a round may cost").fill("0.01");
  await expect(page.getByText(/at most .* ETH for [\d,]+ gas/)).toBeVisible();
  await toStep(page, /Check and sign/);
  await expect(page.getByText("0.3 ETH")).toBeVisible();
  await expectAccessible(page);
  const create = page.getByRole("button", { name: "Create the federation" });
  wallet.refuseNext();
  await create.click();
  await expect(page.getByText("declined in the wallet, nothing was sent")).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();
  await create.click();
  await expect(page.getByRole("heading", { name: "Your federation is there" })).toBeVisible();
}

/** The first round whose block accepted the device's update: on a busy machine one may come late and be refused. */
async function acceptedRound(page: Page): Promise<string> {
  const table = page.getByRole("table", { name: "Rounds, the newest first" });
  const rows = table
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: /^block / }) })
    .filter({ has: page.locator(`td:nth-child(${ACCEPTED_COLUMN})`, { hasText: /^1$/ }) });
  return rows.last().getByRole("cell").first().innerText({ timeout: ACCEPTED_MS });
}

/**
 * The rounds as the page tells of them, while a miner and a device run beside it; closed by its requester on the way.
 * Returns the one for whose update the device is paid.
 */
async function watchTheRounds(page: Page): Promise<string> {
  await goTo(page, "federation");
  await expect(page.getByRole("heading", { name: "Devices (1)" })).toBeVisible({ timeout: ROUND_MS });
  await expect(page.getByRole("heading", { name: /^Round \d+ of 30$/ })).toBeVisible({ timeout: ROUND_MS });
  await expect(page.locator("[aria-current=step]").first()).toBeVisible();
  const updates = page.getByRole("region", { name: /^Updates of round \d+$/ });
  await expect(updates.getByText("1,437")).toBeVisible({ timeout: ROUND_MS });
  await expect(page.getByRole("link", { name: "block 1", exact: true })).toBeVisible({ timeout: ROUND_MS });
  const accepted = await acceptedRound(page);
  await goTo(page, "admin");
  await page.getByLabel("End it for good").check();
  await page.getByRole("button", { name: "Close the federation" }).click();
  await expect(page.getByText("Close the federation: done")).toBeVisible();
  await goTo(page, "federation");
  await expect(page.getByText(/^nothing: it is over, with \d+ blocks?$/)).toBeVisible({ timeout: ROUND_MS });
  return accepted;
}

async function verifyTheBlock(page: Page): Promise<void> {
  await page.getByRole("link", { name: "block 1", exact: true }).click();
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText(/^(\d+) checks of \1 passed\.$/)).toBeVisible();
  const results = page.getByRole("region", { name: "Checks of this block" }).getByRole("row");
  await expect(results.filter({ hasText: "ok" })).toHaveCount((await results.count()) - 1);
  await expect(page.getByText("Not checked here: that the model is the aggregate")).toBeVisible();
}

/** The device claims to its own account, and is told what a round brought it. */
async function claim(page: Page, wallet: TestWallet, federation: Address, round: string): Promise<void> {
  await page.goto(`./#/participate/${federation}`);
  await wallet.chooseAccount(DEVICE);
  const receipt = page.getByRole("region", { name: "Receipt" });
  await receipt.getByLabel("Round").selectOption(round);
  await expect(receipt).toContainText("You earned 0.00");
  await expect(receipt).toContainText("for its update: 1,437 counted samples");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Claim all of it" }).click();
  await expect(page.getByText("Claim all of it: done")).toBeVisible();
  await expect(page.getByRole("button", { name: "Nothing to claim yet" })).toBeDisabled();
}

/** The miner's owner signs that another address is paid. */
async function claimElsewhere(page: Page, wallet: TestWallet): Promise<void> {
  await wallet.chooseAccount(MINER);
  await expect(page.getByRole("region", { name: "Receipt" })).toContainText("for the block that it proposed");
  const elsewhere = page.getByRole("region", { name: "Claim to another address" });
  const field = elsewhere.getByLabel("Pay it to");
  const sign = elsewhere.getByRole("button", { name: "Sign for this address" });
  await field.fill("0x12");
  await expect(elsewhere.getByText("It is 0x and 40 hex digits; copy it whole.")).toBeVisible();
  await field.fill(wallet.address);
  await expect(elsewhere.getByText("This is your own account")).toBeVisible();
  await expect(sign).toBeHidden();
  const to = privateKeyToAddress(generatePrivateKey());
  await field.fill(to);
  await expect(elsewhere.getByText(to)).toBeVisible();
  await expectAccessible(page);
  wallet.refuseNext();
  await sign.click();
  await expect(page.getByText("Declined in the wallet: nothing was signed")).toBeVisible();
  await sign.click();
  await expect(elsewhere.getByText("Signed.")).toBeVisible();
  const signed = wallet.signed.at(-1)?.message as Record<string, string>;
  const said = { account: wallet.address.toLowerCase(), to: to.toLowerCase(), claimed: "0" };
  expect(signed).toMatchObject(said);
  await expect(elsewhere).toContainText(formatAmount(BigInt(signed.cumulative ?? 0)));
  await elsewhere.getByRole("button", { name: "Claim to this address" }).click();
  await expect(page.getByText("Claim to this address: done")).toBeVisible();
  await expect(elsewhere).toBeHidden();
  const paid = await publicClient().getBalance({ address: to });
  expect(paid).toBeGreaterThanOrEqual(BigInt(signed.cumulative ?? 0));
}

/** What somebody with test data measured and published is drawn by the link, and told in the list. */
async function showFigures(page: Page, federation: Address): Promise<void> {
  await page.goto(`./#/federation/${federation}`);
  const section = page.locator("section", { hasText: "Accuracy and loss on test data" });
  await expect(section.getByText(`minerva model evaluate ${federation} --baseline --publish`)).toBeVisible();
  const made = await minerva("model", "evaluate", federation, "--baseline", "--publish");
  const rounds = made.rounds as { round: number; metrics: { accuracy: number } }[];
  const last = rounds.at(-1);
  await page.goto(String(made.link));
  await expect(section.getByText("Measured on the test data of the task digits")).toBeVisible();
  await section.getByText("As a table").first().click();
  const table = section.getByRole("table", { name: "Accuracy by round, the newest first" });
  await expect(table.getByRole("row").nth(1)).toContainText(
    `${last?.round}${last?.metrics.accuracy.toFixed(4)}`,
  );
  await expect(table.getByRole("columnheader", { name: "centralised" })).toBeVisible();
  await expectAccessible(page);
  await page.goto("./#/");
  await page.reload();
  const card = page.getByRole("article").filter({ hasText: federation.slice(-4) });
  const share = ((last?.metrics.accuracy ?? 0) * 100).toFixed(1);
  await expect(card.getByText(`accuracy: ${share} % after round ${last?.round}`)).toBeVisible();
}

test("created in the wizard, funded, joined by commands that the page gives, verified, claimed and closed", async ({
  page,
  wallet,
}) => {
  test.setTimeout(900_000);
  takeAnyPort();
  await createInTheWizard(page, wallet);
  await page.getByRole("link", { name: "To the escrow" }).click();
  await page.getByRole("button", { name: "Fund the escrow" }).click();
  await expect(page.getByText("Fund the escrow: done")).toBeVisible();
  await expect(page.getByRole("button", { name: "Fund the escrow" })).toBeHidden();
  await expectAccessible(page);
  const federation = /0x\w{40}/.exec(page.url())?.[0] as Address;

  const stopMiner = await runAsShown(page, "I have a server: a miner", "miner");
  try {
    await goTo(page, "federation");
    await expect(page.getByRole("heading", { name: "Miners (1)" })).toBeVisible({ timeout: ROUND_MS });
    const stopDevice = await runAsShown(page, "I have data: a device", "device");
    let accepted: string;
    try {
      accepted = await watchTheRounds(page);
    } finally {
      await stopDevice();
    }
    await verifyTheBlock(page);
    await claim(page, wallet, federation, accepted);
    await claimElsewhere(page, wallet);
  } finally {
    await stopMiner();
  }
  for (const account of [MINER, DEVICE]) {
    const shown = await minerva("rewards", "show", federation, "--account", `anvil:${account}`);
    expect([shown.mayClaim, shown.claimed === shown.earned]).toEqual(["0", true]);
  }

  await showFigures(page, federation);

  await page.goto(`./#/admin/${federation}`);
  await expect(page.getByText("This federation is over")).toBeVisible();
  await page.getByRole("button", { name: "Return the rest" }).click();
  await expect(page.getByText("Return the rest: done")).toBeVisible();
  await expect(page.getByText("Returned").locator("..")).toContainText(/0\.\d+ ETH/);
});

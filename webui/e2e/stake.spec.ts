// Stake, miners and devices that come and go: each action of the page Participate, by a wallet.
import type { Page } from "@playwright/test";
import { parseEther } from "viem";
import { expectAccessible, press } from "./acting";
import { createFederation, joinAsMiner } from "./chain";
import { connect, expect, test } from "./fixtures";
import { minerva } from "./stack";

const [REQUESTER, OWNER, DEVICE, SECOND, OTHER] = [18, 12, 31, 32, 13];

/** What is taken out is free seconds later. */
const BRIEF = {
  trainingSeconds: 1,
  verificationSeconds: 2,
  fetchSeconds: 1,
  miningSeconds: 1,
  attestationSeconds: 1,
  maxExtensions: 0,
  maxCandidates: 1,
  maxPauseSeconds: 0,
};

const section = (page: Page, heading: string) =>
  page
    .locator("section")
    .filter({ has: page.getByRole("heading", { name: heading, exact: true }) })
    .last();

test("stake goes in, up and out again, and a miner with a place keeps the least", async ({
  page,
  wallet,
}) => {
  const stake = { minimum: parseEther("0.5"), unit: parseEther("0.01"), evidenceSeconds: 1 };
  const federation = await createFederation(REQUESTER, 1, { config: BRIEF, stake });
  await page.goto(`./#/participate/${federation}`);
  await connect(page);
  await wallet.chooseAccount(OWNER);
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await expect(page.getByText("First stake 0.5 ETH more, below.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Register the miner" })).toBeDisabled();
  const deposit = section(page, "Stake, or top up");
  const out = section(page, "Take out");
  await deposit.getByLabel("Sum").fill("0.5");
  await press(page, "Stake it");
  await page.getByLabel("Where its API answers").fill("javascript:alert(1)");
  await expect(page.getByText("It begins with http:// or https://.")).toBeVisible();
  await page.getByLabel("Where its API answers").fill("http://127.0.0.1:9");
  await press(page, "Register the miner");
  await expect(out.getByText("You can take out 0 ETH")).toBeVisible();
  await expectAccessible(page);

  await deposit.getByLabel("Sum").fill("0.25");
  await press(page, "Stake it");
  await expect(out.getByText("You can take out 0.25 ETH")).toBeVisible();
  await out.getByLabel("Sum").fill("0.3");
  await expect(out.getByText("a miner with a place keeps the least stake")).toBeVisible();
  await out.getByLabel("Sum").fill("0.25");
  await press(page, "Take it out");
  await expect(page.getByText("On its way out").locator("..")).toContainText("0.25 ETH");
  await press(page, "Withdraw");
  await expect(page.getByText("On its way out").locator("..")).toContainText("0 ETH");

  await press(page, "Leave the federation");
  await expect(page.getByText("This account owns no miner here.")).toBeVisible();
  await expect(out.getByText("You can take out 0.5 ETH")).toBeVisible();
});

test("a device registers, is told when its miner is gone, binds elsewhere, and leaves", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 1, { config: { maxDevices: 1, maxJoins: 1 } });
  await joinAsMiner(federation, OWNER);
  await page.goto(`./#/participate/${federation}`);
  await connect(page);
  await wallet.chooseAccount(DEVICE);
  const told = await minerva("device", "commitment", "--set", "device.task=digits");
  const commit = async () => {
    await page.getByLabel("Root of the data").fill(String(told.datasetRoot));
    await page.getByLabel("Samples").fill(String(told.datasetSize));
    await page.getByLabel("Rate").fill(String(told.rateNs));
  };
  await commit();
  await press(page, "Register the device");
  await expect(page.getByText("miner 0", { exact: true })).toBeVisible();
  await expectAccessible(page);

  await wallet.chooseAccount(SECOND);
  await commit();
  const refusal = page.getByRole("alert").filter({ hasText: "As many devices joined" });
  await expect(refusal).toContainText("Register again when the next round has opened.");
  await expect(refusal).not.toContainText("0x");

  await wallet.chooseAccount(OWNER);
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await press(page, "Leave the federation");
  await wallet.chooseAccount(DEVICE);
  await page.getByRole("button", { name: "I have data: a device" }).click();
  await expect(page.getByText("a miner that is gone", { exact: true })).toBeVisible();
  await expect(page.getByText("Nobody takes its updates: bind it to another miner")).toBeVisible();
  await joinAsMiner(federation, OTHER);
  await press(page, "Bind to this miner");
  await expect(page.getByText("miner 0", { exact: true })).toBeVisible();
  await press(page, "Leave the federation");
  await expect(page.getByText("This account is no device here.")).toBeVisible();
});

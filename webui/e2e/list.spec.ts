// An allow-list: in the wizard, for those who join, and when the requester lets others in.
import type { Page } from "@playwright/test";
import { federationAbi } from "../src/generated/abi";
import { cidText } from "../src/lib/cid";
import { expectAccessible, goTo, toStep } from "./acting";
import { publicClient } from "./chain";
import { connect, expect, test } from "./fixtures";
import { stack } from "./stack";
import { anvilAccount } from "./wallet";

const [REQUESTER, OWNER, DEVICE, STRANGER] = [18, 14, 33, 34];
const addressOf = (account: number) => anvilAccount(account).address;

/** The wizard with the contents of the stack's own task, which are on IPFS already. */
async function openWizard(page: Page): Promise<void> {
  const { federation: address } = stack();
  const config = await publicClient().readContract({ address, abi: federationAbi, functionName: "config" });
  const query = `manifest=${cidText(config.manifest)}&model=${cidText(config.model)}`;
  await page.goto(`./#/create?${query}`);
  await expect(page.getByText(/The genesis model has [\d,]+ numbers/)).toBeVisible();
}

const commitment = async (page: Page) => {
  await page.getByLabel("Root of the data").fill(`0x${"11".repeat(32)}`);
  await page.getByLabel("Samples").fill("100");
  await page.getByLabel("Rate").fill("1000");
};

test("who is on the list joins, a stranger is told why not, and is let in by the requester", async ({
  page,
  wallet,
}) => {
  await openWizard(page);
  await connect(page);
  await wallet.chooseAccount(REQUESTER);
  await toStep(page, /Members/);
  await page.getByLabel("Who may join").selectOption("allow-list");
  await page.getByLabel("The list").fill("somebody miner");
  await expect(page.getByText("Line 1: somebody is no address")).toBeVisible();
  const members = `${addressOf(OWNER)} miner\n${addressOf(DEVICE)} device\n`;
  await page.getByLabel("The list").fill(members);
  await expectAccessible(page);
  await toStep(page, /Check and sign/);
  await page.getByRole("button", { name: "Create the federation" }).click();
  await expect(page.getByRole("heading", { name: "Your federation is there" })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save members.json" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("members.json");
  await page.getByRole("link", { name: "How they do" }).click();

  await wallet.chooseAccount(OWNER);
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await expect(page.getByRole("button", { name: "Register the miner" })).toBeDisabled();
  await page.getByLabel("Allow-list").fill(members);
  await page.getByRole("button", { name: "Register the miner" }).click();
  await expect(page.getByText("Register the miner: done")).toBeVisible();

  await wallet.chooseAccount(STRANGER);
  await page.getByRole("button", { name: "I have data: a device" }).click();
  await commitment(page);
  await page.getByLabel("Allow-list").fill(members);
  await expect(page.getByText("Your account is not on it as a device: ask the requester")).toBeVisible();
  await page.getByLabel("Allow-list").fill(`${members}${addressOf(STRANGER)} device\n`);
  await expect(page.getByText("This is not the federation's present list")).toBeVisible();
  await expect(page.getByRole("button", { name: "Register the device" })).toBeDisabled();
  await expectAccessible(page);

  await goTo(page, "admin");
  await expect(page.getByText("Who may: the requester.")).toBeVisible();
  await expect(page.getByLabel("The present list")).toBeDisabled();
  await wallet.chooseAccount(REQUESTER);
  await page.getByLabel("The present list").fill(`${addressOf(OWNER)} miner`);
  await expect(page.getByText("This is not the list whose root the chain has.")).toBeVisible();
  await page.getByLabel("The present list").fill(members);
  await page.getByLabel("Who comes to it").fill(`${addressOf(STRANGER)} device`);
  const next = await page.getByLabel("The next list").inputValue();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Put its root on the chain" }).click();
  await expect(page.getByText("Put its root on the chain: done")).toBeVisible();

  await goTo(page, "participate");
  await wallet.chooseAccount(STRANGER);
  await commitment(page);
  await page.getByLabel("Allow-list").fill(next);
  await page.getByRole("button", { name: "Register the device" }).click();
  await expect(page.getByText("Register the device: done")).toBeVisible();
  await expect(page.getByText("miner 0", { exact: true })).toBeVisible();
});

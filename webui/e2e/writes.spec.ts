// What becomes of a write: cost, signature, block, and every way in which it does not come to that.
import type { Locator, Page } from "@playwright/test";
import { type Hex, keccak256, numberToHex, toBytes } from "viem";
import { federationAbi, stakeVaultAbi } from "../src/generated/abi";
import { contractAt, createFederation, joinAsMiner, publicClient, registerDevice, walletOf } from "./chain";
import { connect, expect, test } from "./fixtures";
import { mine, withoutMining } from "./mining";
import { anvilAccount } from "./wallet";

const [REQUESTER, PAUSER, MINER, DEVICE, POOR] = [38, 39, 36, 37, 61] as const;
const HEX = /0x[0-9a-fA-F]{8}/;
const ROOT = `0x${"11".repeat(32)}` as const;

const done = (hash: Hex) => publicClient().waitForTransactionReceipt({ hash });

const pendingHash = async (page: Page): Promise<Hex> => {
  const shown = page.getByText("Sent: waiting for a block.").getByTitle(/^0x[0-9a-f]{64}$/);
  return (await shown.getAttribute("title")) as Hex;
};

/** Send something that waits, and let the page learn what it is before anything takes its place. */
const sendPending = async (page: Page, button: Locator): Promise<Hex> => {
  const asks = (text: string | null) => text?.includes("eth_getTransactionByHash") ?? false;
  await Promise.all([page.waitForResponse((answer) => asks(answer.request().postData())), button.click()]);
  return pendingHash(page);
};

const pauseCard = (page: Page) =>
  page.locator("section").filter({ has: page.getByRole("heading", { name: "Pause", exact: true }) });

/** Fill in a device's commitment. */
async function commit(page: Page): Promise<void> {
  await page.getByLabel("Root of the data").fill(ROOT);
  await page.getByLabel("Samples").fill("10");
  await page.getByLabel("Rate").fill("1000");
}

test("a write shows its cost, in money too, the signature, its hash while it waits, and its block; sped up or cancelled it is followed", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 2);
  await page.goto("./#/network");
  await page.getByLabel("Price of one coin").fill("3000 USD");
  await page.getByRole("button", { name: "Keep and reload" }).click();
  await page.goto(`./#/admin/${federation}`);
  await connect(page);
  await wallet.chooseAccount(REQUESTER);
  const card = pauseCard(page);
  const button = card.getByRole("button", { name: /^(Pause|Go on)$/ });
  const cost = /^Costs at most 0\.\d+ ETH, (about|less than) USD\s[\d,]+\.\d\d, for [\d,]+ gas\.$/;
  await expect(card.getByText(cost)).toBeVisible();

  await withoutMining(async () => {
    const answer = wallet.hold();
    await button.click();
    await expect(card.getByText("Look into your wallet: it asks for your signature.")).toBeVisible();
    await expect(button).toBeDisabled();
    answer();
    const hash = await pendingHash(page);
    await mine();
    await expect(card.getByText(/^Done, in block [\d,]+\./)).toBeVisible();
    await expect(card.getByTitle(hash)).toBeVisible();
    await expect(button).toHaveText("Go on");

    const slow = await sendPending(page, button);
    const { nonce, to, input, gas, maxFeePerGas = 0n } = await publicClient().getTransaction({ hash: slow });
    const dearer = {
      nonce,
      gas,
      maxFeePerGas: maxFeePerGas * 4n,
      maxPriorityFeePerGas: maxFeePerGas,
      chain: null,
    };
    const fast = await walletOf(REQUESTER).sendTransaction({ ...dearer, to, data: input });
    await mine();
    await expect(card.getByTitle(fast)).toBeVisible();
    await expect(card.getByText(/^Done, in block/)).toBeVisible();
    await expect(button).toHaveText("Pause");

    const given = await publicClient().getTransaction({ hash: await sendPending(page, button) });
    const { address } = anvilAccount(REQUESTER);
    await walletOf(REQUESTER).sendTransaction({ ...dearer, nonce: given.nonce, to: address, value: 0n });
    await mine();
    await expect(card.getByText("Cancelled in the wallet: it was not done.")).toBeVisible();
    await expect(page.getByRole("alert")).toBeHidden();
    await expect(button).toBeEnabled();
  });
});

test("what the chain refuses after all is told in words: by the federation, by its vault, and by a policy", async ({
  page,
  wallet,
}) => {
  const terms = { minimum: 10n ** 17n, unit: 10n ** 15n, evidenceSeconds: 3600 };
  const needs = [0n, 10n ** 18n].map((need) => numberToHex(need, { size: 32 }).slice(2));
  const policy = { policy: contractAt("StakePolicy"), policyParameters: `0x${needs.join("")}` as const };
  const federation = await createFederation(REQUESTER, 2, { config: policy, stake: terms });
  const read = { address: federation, abi: federationAbi } as const;
  const vault = {
    address: await publicClient().readContract({ ...read, functionName: "stakeVault" }),
    abi: stakeVaultAbi,
    chain: null,
  } as const;
  const args = [anvilAccount(MINER).address, terms.minimum] as const;
  await done(
    await walletOf(MINER).writeContract({ ...vault, functionName: "deposit", args, value: terms.minimum }),
  );
  await joinAsMiner(federation, MINER);
  const part = [anvilAccount(DEVICE).address, terms.minimum] as const;
  await done(
    await walletOf(DEVICE).writeContract({
      ...vault,
      functionName: "deposit",
      args: part,
      value: terms.minimum,
    }),
  );

  await page.goto(`./#/participate/${federation}`);
  await connect(page);
  await wallet.chooseAccount(DEVICE);
  await commit(page);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The account may not join in this role");
  await expect(alert).toContainText("stake more, and join again");
  await alert.getByText("PolicyRefused").click();
  await expect(alert.getByText(federation)).toBeVisible();
  await page.getByRole("button", { name: "Register the device" }).click();
  await expect(page.getByText(/^Register the device: The account may not join/)).toBeVisible();
  expect(wallet.count("eth_sendTransaction")).toBe(0);

  await page.reload();
  const takeOut = page.getByRole("button", { name: "Take it out" });
  await page.getByLabel("Sum").last().fill("0.1");
  await expect(takeOut).toBeEnabled();
  const answer = wallet.hold();
  await takeOut.click();
  await expect(page.getByText("Look into your wallet: it asks for your signature.")).toBeVisible();
  await done(await walletOf(DEVICE).writeContract({ ...vault, functionName: "unbond", args: [10n ** 16n] }));
  answer();
  await expect(alert.getByText("The account has less bonded than it wants to take out.")).toBeVisible();
  await alert.getByText("StakeVaultInsufficient").click();
  await expect(alert.getByText(String(9n * 10n ** 16n))).toBeVisible();
  await expect(page.getByText("Not done.").getByTitle(/^0x[0-9a-f]{64}$/)).toBeVisible();

  const role = keccak256(toBytes("PAUSER"));
  const grant = {
    ...read,
    functionName: "grantRole",
    args: [role, anvilAccount(PAUSER).address],
    chain: null,
  } as const;
  await done(await walletOf(REQUESTER).writeContract(grant));
  await page.goto(`./#/admin/${federation}`);
  await wallet.chooseAccount(REQUESTER);
  const card = pauseCard(page);
  await expect(card.getByText(/^Costs at most/)).toBeVisible();
  await withoutMining(async () => {
    const late = wallet.hold();
    await card.getByRole("button", { name: "Pause" }).click();
    await expect(card.getByText("Look into your wallet")).toBeVisible();
    const first = { ...read, functionName: "pause", maxPriorityFeePerGas: 10n ** 10n, chain: null } as const;
    await walletOf(PAUSER).writeContract(first);
    late();
    await pendingHash(page);
    await mine();
    const why = card.getByRole("alert");
    await expect(why).toContainText("The federation's status does not allow the call.");
    await expect(why).toContainText("Paused: wait until it goes on");
    for (const text of await alert.allInnerTexts()) expect(text).not.toMatch(HEX);
  });
});

test("an error that the contracts do not have, a wallet on another chain, and an account that cannot pay are told in words", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 2);
  await registerDevice(await joinAsMiner(federation, MINER), DEVICE);
  await page.goto(`./#/federation/${federation}`);
  await connect(page);
  const tick = page.getByRole("button", { name: "Do what is due" });
  const alert = page.getByRole("main").getByRole("alert");
  const data = { code: 3, message: "execution reverted", data: "0xdeadbeef00000000" };
  wallet.failNext({ code: -32603, message: "Internal JSON-RPC error.", data });
  await tick.click();
  await expect(alert).toBeVisible();
  expect(await alert.innerText()).toMatch(/^[A-Z][\w ,;:'()-]{20,}\./);
  await expect(page.getByText(HEX.source)).toBeHidden();
  for (const text of await page.getByRole("alert").allInnerTexts()) expect(text).not.toMatch(HEX);
  expect(wallet.count("eth_sendTransaction")).toBe(1);

  await wallet.chooseChain(1, true);
  await tick.click();
  await expect(alert).toContainText("The wallet left this page's network meanwhile.");
  expect(wallet.count("eth_sendTransaction")).toBe(1);
  await wallet.chooseChain(31337);

  await wallet.chooseAccount(POOR);
  await expect(alert).toContainText("The account cannot pay for this.");
  await expect(alert).toContainText(/It has 0 ETH and needs up to 0\.\d+ ETH\./);
  await expect(page.getByText(/Costs at most 0\.\d+ ETH for [\d,]+ gas/)).toBeVisible();
  await tick.click();
  await expect(page.getByText("Do what is due: The account cannot pay for this")).toBeVisible();
  expect(wallet.count("eth_sendTransaction")).toBe(1);
});

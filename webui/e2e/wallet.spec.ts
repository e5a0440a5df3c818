// How the page behaves with wallets: found, connected, on another network, with another account, and without any.
import type { Page } from "@playwright/test";
import { createFederation, joinAsMiner, registerDevice } from "./chain";
import { connect, expect, test } from "./fixtures";
import { stack } from "./stack";
import { anvilAccount, TestWallet } from "./wallet";

const [OWNER, OTHER, MINER, DEVICE] = [34, 35, 36, 37] as const;

const header = (page: Page, account: number) =>
  page
    .getByRole("banner")
    .getByRole("button", { name: new RegExp(anvilAccount(account).address.slice(0, 6)) });

test("of several wallets each is offered by its name, also one that comes late; the chosen one signs, and is kept", async ({
  page,
}) => {
  const { rpc } = stack();
  const alpha = await TestWallet.install(page, rpc, { name: "Alpha wallet", account: OTHER });
  const beta = await TestWallet.install(page, rpc, { name: "Beta wallet", account: OWNER });
  const gamma = await TestWallet.install(page, rpc, { name: "Gamma wallet", account: DEVICE, silent: true });
  const federation = await createFederation(OWNER, 2);
  await page.goto(`./#/admin/${federation}`);
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Alpha wallet" })).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Gamma wallet" })).toBeHidden();
  await gamma.announce();
  await expect(dialog.getByRole("button", { name: "Gamma wallet" })).toBeVisible();
  await dialog.getByRole("button", { name: "Beta wallet" }).click();
  await expect(header(page, OWNER)).toBeVisible();
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Pause: done")).toBeVisible();
  expect([beta.count("eth_sendTransaction"), alpha.count("eth_sendTransaction")]).toEqual([1, 0]);

  const prompts = beta.count("wallet_requestPermissions");
  await page.reload();
  await expect(header(page, OWNER)).toBeVisible();
  expect([beta.count("wallet_requestPermissions"), beta.count("eth_requestAccounts")]).toEqual([prompts, 0]);
  await header(page, OWNER).click();
  await expect(dialog).toContainText("By Beta wallet, on chain 31337.");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await expect(page.getByRole("banner").getByRole("button", { name: "Connect a wallet" })).toBeVisible();
  await page.reload();
  await gamma.announce();
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await dialog.getByRole("button", { name: "Gamma wallet" }).click();
  await expect(header(page, DEVICE)).toBeVisible();

  await page.reload();
  await expect(page.getByRole("banner").getByRole("button", { name: "Connect a wallet" })).toBeVisible();
  await gamma.announce();
  await expect(header(page, DEVICE)).toBeVisible();
  expect(gamma.count("wallet_requestPermissions")).toBe(1);
});

test("connecting is told, a refusal is no error, and a wallet that asks something already says where to look", async ({
  page,
  wallet,
}) => {
  await page.goto("./");
  const dialog = page.getByRole("dialog");
  const choice = dialog.getByRole("button", { name: "Test wallet" });
  const answer = wallet.hold();
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await choice.click();
  await expect(dialog.getByText("Look into your wallet: it asks whether this page")).toBeVisible();
  await expect(choice).toBeDisabled();
  answer("refused");
  await expect(choice).toBeEnabled();
  await expect(dialog.getByText("Look into your wallet")).toBeHidden();
  await expect(page.getByRole("alert")).toBeHidden();

  wallet.busyNext();
  await choice.click();
  await expect(dialog.getByRole("alert")).toContainText("The wallet waits for you already");
  await wallet.approve();
  await expect(dialog).toBeHidden();
  await header(page, 0).click();
  await expect(dialog.getByText(wallet.address)).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();
});

test("a wallet on another network is switched by one click, and told of ours if it does not know it", async ({
  page,
  wallet,
}) => {
  await page.goto(`./#/admin/${stack().federation}`);
  await connect(page);
  await wallet.chooseChain(1);
  const button = page.getByRole("button", { name: "Switch to Local chain" });
  await expect(page.getByText("The wallet is on another network: switch it").first()).toBeVisible();
  const answer = wallet.hold();
  await button.click();
  await expect(page.getByRole("banner").getByText("Look into the wallet…")).toBeVisible();
  answer("refused");
  await expect(button).toBeEnabled();
  await expect(page.getByRole("alert")).toBeHidden();

  wallet.forgetNetworks();
  wallet.failNext({ code: -32602, message: "Expected an RPC with a secure connection." });
  await button.click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("secure connection");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await button.click();
  await expect(button).toBeHidden();
  expect(wallet.added).toEqual([
    expect.objectContaining({
      chainId: "0x7a69",
      chainName: "Local chain",
      rpcUrls: [stack().rpc],
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    }),
  ]);
  await expect(page.getByText("The wallet is on another network")).toHaveCount(0);
});

test("rights, balance and buttons follow the wallet's account and chain, and what one account signs it is told", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(OWNER, 2);
  await registerDevice(await joinAsMiner(federation, MINER), DEVICE);
  await page.goto(`./#/admin/${federation}`);
  await connect(page);
  await wallet.chooseAccount(OWNER);
  const pause = page.getByRole("button", { name: "Pause" });
  await expect(pause).toBeEnabled();
  await wallet.chooseAccount(60);
  await expect(pause).toBeDisabled();
  await header(page, 60).click();
  await expect(page.getByRole("dialog")).toContainText("It has 0 ETH on Local chain.");
  await wallet.chooseAccount(OWNER);
  await header(page, OWNER).click();
  await expect(page.getByRole("dialog")).toContainText(/It has 9,999\.\d+ ETH on Local chain\./);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await expect(pause).toBeEnabled();
  await wallet.chooseChain(5);
  await expect(pause).toBeDisabled();
  await wallet.chooseChain(31337);
  await expect(pause).toBeEnabled();

  await page.goto(`./#/federation/${federation}`);
  const tick = page.getByRole("button", { name: "Do what is due" });
  const asks = page.getByText("Look into your wallet: it asks for your signature.");
  const answer = wallet.hold();
  await tick.click();
  await expect(asks).toBeVisible();
  await wallet.chooseAccount(OTHER);
  await expect(asks).toBeHidden();
  await expect(tick).toBeEnabled();
  answer();
  await expect(page.getByText("Do what is due: done")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Round 1 of 2" })).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();

  await page.goto(`./#/admin/${federation}`);
  await wallet.chooseAccount(OWNER);
  const late = wallet.hold();
  await pause.click();
  await expect(asks).toBeVisible();
  await wallet.leave();
  await expect(page.getByRole("banner").getByRole("button", { name: "Connect a wallet" })).toBeVisible();
  await expect(pause).toBeDisabled();
  late("refused");
  await expect(page.getByText("Pause: declined in the wallet, nothing was sent")).toBeVisible();
  await expect(page.getByRole("alert")).toBeHidden();
});

test("without a wallet every page can be read, and what could be written says what is missing", async ({
  page,
}) => {
  const federation = await createFederation(OWNER, 2);
  await registerDevice(await joinAsMiner(federation, MINER), DEVICE);
  for (const [path, words] of [
    ["", "Handwritten digits"],
    [`federation/${federation}`, "Waits for"],
    [`chain/${federation}`, "The genesis"],
    [`model/${federation}/0`, "Genesis model"],
    ["create", "Create"],
    [`participate/${federation}`, "Connect a wallet to act from here"],
    [`admin/${federation}`, "Connect a wallet to see what is yours to decide"],
    ["network", "Settings of this browser"],
  ] as const) {
    await page.goto(`./#/${path}`);
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    await expect(page.getByRole("main")).toContainText(words);
    await expect(page.getByRole("alert")).toBeHidden();
  }
  await page.goto(`./#/federation/${federation}`);
  await expect(page.getByRole("button", { name: "Do what is due" })).toBeDisabled();
  await expect(page.getByText("Connect a wallet above to send this.")).toBeVisible();
  await page.goto(`./#/admin/${federation}`);
  await expect(page.getByRole("button", { name: "Pause" })).toBeDisabled();
  await expect(page.getByText("Who may: whoever has the role of pauser.")).toBeVisible();

  await page.getByRole("button", { name: "Connect a wallet" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Install one, such as MetaMask");
  await expect(dialog).toContainText("Without one everything can be read");
  await expect(dialog.getByRole("listitem")).toHaveCount(0);
});

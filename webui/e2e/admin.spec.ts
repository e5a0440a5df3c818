// What governs a federation: each action of the page Admin, by a wallet that has the right to it, and by one that has not.
import { expectAccessible, goTo, press } from "./acting";
import { createFederation, joinAsMiner, registerDevice } from "./chain";
import { connect, expect, test } from "./fixtures";
import { anvilAccount } from "./wallet";

const [REQUESTER, OWNER, HELPER, DEVICE] = [18, 16, 17, 35];

test("a role is given and taken back; with it a round is paused and goes on, its deadline stopped meanwhile", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 3);
  const miner = await joinAsMiner(federation, OWNER);
  await registerDevice(miner, DEVICE);
  await page.goto(`./#/federation/${federation}`);
  await connect(page);
  await wallet.chooseAccount(HELPER);
  await press(page, "Do what is due");
  const deadline = page.getByText("Deadline", { exact: true }).locator("..");
  await expect(deadline).toContainText("in ");

  await goTo(page, "admin");
  await expect(page.getByText("Who may: whoever has the role of pauser.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause" })).toBeDisabled();
  await wallet.chooseAccount(REQUESTER);
  const account = page.getByLabel("Account", { exact: true });
  await account.fill("0x12");
  await expect(page.getByText("It is 0x and 40 hex digits; copy it whole.")).toBeVisible();
  await account.fill(anvilAccount(HELPER).address);
  await press(page, "Give the role");

  await wallet.chooseAccount(HELPER);
  await press(page, "Pause");
  await expect(page.getByText(/^Paused .* ago/)).toBeVisible();
  await expectAccessible(page);
  await goTo(page, "federation");
  await expect(deadline).toContainText("none runs");
  await expect(page.getByText("the end of the pause")).toBeVisible();
  await goTo(page, "admin");
  await press(page, "Go on");
  await goTo(page, "federation");
  await expect(deadline).toContainText("in ");

  await goTo(page, "admin");
  await wallet.chooseAccount(REQUESTER);
  await account.fill(anvilAccount(HELPER).address);
  await press(page, "Take the role back");
  await wallet.chooseAccount(HELPER);
  await expect(page.getByRole("button", { name: "Pause" })).toBeDisabled();
});

test("the governor announces another consensus, expels a miner, and closes for good", async ({
  page,
  wallet,
}) => {
  const federation = await createFederation(REQUESTER, 3, { config: { maxPauseSeconds: 0 } });
  await joinAsMiner(federation, OWNER);
  await page.goto(`./#/admin/${federation}`);
  await connect(page);
  await wallet.chooseAccount(REQUESTER);
  await expect(page.getByText("This federation pays nothing, so there is nothing to fund.")).toBeVisible();
  await page.getByLabel("Module").selectOption("pos");
  await expect(page.getByText("Proof of stake needs a federation whose miners stake.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Announce the change" })).toBeDisabled();
  await page.getByLabel("Module").selectOption("committee");
  await press(page, "Announce the change");
  await expect(page.getByText(/Announced: committee, from round 2 on/)).toBeVisible();

  await page.getByLabel("Miner", { exact: true }).selectOption("0");
  await press(page, "Expel the miner");
  await expect(page.getByLabel("Miner", { exact: true }).getByRole("option")).toHaveCount(1);
  await goTo(page, "federation");
  await expect(page.getByText("member, expelled")).toBeVisible();
  await goTo(page, "admin");
  await page.getByLabel("End it for good").check();
  await page.getByRole("button", { name: "Close the federation" }).click();
  await expect(page.getByText("This federation is over")).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause" })).toBeHidden();
});

// Stake and rewards in a token: allowed exactly, then paid; what a token does wrong is said in words.
import { parseEther } from "viem";
import { expectAccessible, press } from "./acting";
import { createFederation } from "./chain";
import { connect, expect, test } from "./fixtures";
import { Token } from "./token";

const [REQUESTER, PAYER] = [18, 15];

const ALLOW = "Allow exactly this sum";

test("an escrow and a stake in a token are allowed, then paid; a token that cheats is refused in words", async ({
  page,
  wallet,
}) => {
  const token = await Token.deploy(REQUESTER);
  const rewards = {
    token: token.address,
    perRound: parseEther("2"),
    dataBps: 10_000,
    claimSeconds: 86_400,
  };
  const stake = { token: token.address, minimum: parseEther("3"), unit: parseEther("1"), evidenceSeconds: 1 };
  const federation = await createFederation(REQUESTER, 1, { stake, rewards });
  await page.goto(`./#/admin/${federation}`);
  await connect(page);
  await wallet.chooseAccount(PAYER);
  await expect(page.getByText("You have 0 MOCK: that is not enough.")).toBeVisible();
  await expect(page.getByRole("button", { name: ALLOW })).toBeDisabled();
  await token.tell("mint", wallet.address, parseEther("10"));
  await expect(page.getByText("You have 10 MOCK.")).toBeVisible();
  await page.getByLabel("Sum").fill("0.5");
  await press(page, ALLOW);

  const alert = page.getByRole("alert");
  await token.tell("setFee", 100n);
  await expect(alert).toContainText("Another sum arrived than the one named");
  await expect(alert).toContainText("a token that takes a fee cannot be used");
  await expect(alert).not.toContainText("0x");
  await token.tell("setFee", 0n);
  await expect(alert).toBeHidden();
  await token.tell("setRefuses", true);
  await expect(alert).toContainText("The token did not move, and said nothing more");
  await expectAccessible(page);
  await token.tell("setRefuses", false);
  await expect(alert).toBeHidden();
  await press(page, "Fund the escrow");
  await expect(page.getByText("Lacking", { exact: true }).locator("..")).toContainText("1.5 MOCK");

  await page.goto(`./#/participate/${federation}`);
  await page.getByRole("button", { name: "I have a server: a miner" }).click();
  await expect(page.getByText("First stake 3 MOCK more, below.")).toBeVisible();
  await page.getByLabel("Sum").first().fill("1");
  await press(page, ALLOW);
  await page.getByLabel("Sum").first().fill("3");
  await press(page, "Take back what was allowed");
  await press(page, ALLOW);
  await press(page, "Stake it");
  await expect(page.getByText("At stake").locator("..")).toContainText("3 MOCK");
  await expect(page.getByText("First stake")).toBeHidden();
});

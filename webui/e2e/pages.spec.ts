import { readFileSync } from "node:fs";
import { expectAccessible } from "./acting";
import { untilFirstBlock } from "./device";
import { expect, test } from "./fixtures";
import { stack } from "./stack";

test.beforeAll(async () => {
  test.setTimeout(300_000);
  await untilFirstBlock();
});

test("by keyboard alone: along the chain to a block, which this browser verifies", async ({ page }) => {
  await page.goto(`./#/chain/${stack().federation}`);
  const graph = page.getByRole("group", { name: "Lineage of blocks" });
  await expect(graph.getByRole("link", { name: "Block 1 of round" })).toBeVisible();
  await expectAccessible(page);
  await graph.locator("a[tabindex='0']").focus();
  await page.keyboard.press("Home");
  await expect(graph.getByRole("link", { name: "The genesis" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Block 1");

  await page.getByRole("button", { name: "Verify" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("12 checks of 12 passed.")).toBeVisible();
  await expect(page.getByText(`minerva verify ${stack().federation} --block 1`)).toBeVisible();
  await expect(page.getByText("Not checked here: that the model is the aggregate")).toBeVisible();
  await expectAccessible(page);
});

test("a gateway that serves other bytes is found out, and nothing of them is shown", async ({ page }) => {
  await page.route("**/ipfs/*", (route) =>
    route.fulfill({ body: "<script>alert(1)</script>", headers: { "access-control-allow-origin": "*" } }),
  );
  await page.goto(`./#/block/${stack().federation}/1`);
  await expect(page.getByText("The body is not to be had")).toBeVisible();
  await page.getByRole("button", { name: "Verify" }).click();
  const checks = page.getByRole("region", { name: "Checks of this block" });
  for (const name of ["Body's CID", "Model's CID"]) {
    await expect(checks.getByRole("row", { name }).getByText("differs")).toBeVisible();
  }
  await expect(checks.getByRole("row", { name: "What the body says" })).toContainText("not checked");
  await expect(checks.getByRole("row", { name: "Header's hash" })).toContainText("ok");
  await expect(page.getByText("alert(1)")).toBeHidden();
});

test("a model is downloaded as the chain names it, and its tensors are told", async ({ page }) => {
  await page.goto(`./#/model/${stack().federation}/0`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Genesis model");
  await page.getByRole("button", { name: "Show the tensors" }).click();
  await expect(page.getByRole("region", { name: "Tensors" }).getByRole("row")).not.toHaveCount(1);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("model-0.safetensors");
  expect(
    readFileSync(await download.path())
      .subarray(8, 9)
      .toString(),
  ).toBe("{");
  await expectAccessible(page);
});

test("the loss is drawn, and stands in a table as well", async ({ page }) => {
  await page.goto(`./#/federation/${stack().federation}`);
  await expect(page.locator(".recharts-line").first()).toBeAttached();
  await page.getByText("As a table").click();
  const table = page.getByRole("region", { name: "Loss by round, the newest first" });
  await expect(table.getByRole("row").nth(1)).toBeVisible();
  await expectAccessible(page);
});

test("blocks, models and federations that are not there are told so", async ({ page }) => {
  const { federation } = stack();
  for (const [path, words] of [
    [`block/${federation}/999999`, "The federation has no such block"],
    [`block/${federation}/1e3`, "The federation has no such block"],
    [`model/${federation}/<script>`, "There is no model of this block"],
    ["chain/0x00000000000000000000000000000000000000aa", "The factory knows no federation"],
  ]) {
    await page.goto(`./#/${path}`);
    await expect(page.getByText(words ?? "")).toBeVisible();
  }
});

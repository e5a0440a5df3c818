// The page as `minerva webui --ipfs` puts it on IPFS: served by a gateway, below a path, without headers of ours.
import { expectConfined } from "./acting";
import { expect, test } from "./fixtures";
import { minerva, stack } from "./stack";

test("the same build, served from IPFS itself, reads the chain and its contents, and speaks to nobody else", async ({
  page,
  complaints,
}) => {
  const { federation } = stack();
  const published = await minerva("webui", "--ipfs");
  const url = String(published.url);
  expect(url).toBe(`${stack().gateway}/ipfs/${published.cid}/`);
  await page.goto(url);
  const card = page.getByRole("article").filter({ hasText: federation.slice(-4) });
  await card.getByRole("link").click();
  await expect(page).toHaveURL(`${url}#/federation/${federation}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Handwritten digits"); // as its manifest says
  await page.reload();
  await expect(page.getByText("Waits for")).toBeVisible();
  await page.goto(`${url}#/model/${federation}/0`);
  await page.getByRole("button", { name: "Show the tensors" }).click();
  await expect(page.getByRole("region", { name: "Tensors" }).getByRole("row")).not.toHaveCount(1);
  await expectConfined(page, complaints);
});

// `npm run screenshots`: a picture of every page, of a federation with a past; no test of its own.
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { federationAbi } from "../src/generated/abi";
import { walletOf } from "./chain";
import { connect, expect, test } from "./fixtures";
import { showcase } from "./showcase";
import { load, pagesOf, settled } from "./visual";

const ANYBODY = 36;
const DEVICE = 27;
const FOLDER = process.env.MINERVA_SCREENSHOTS ?? "";
/** What README.md shows: as much of them as a screen does. */
const SHOWN = ["federation", "chain", "block"];
const VIEWS = {
  screen: { width: 1440, height: 900 },
  telephone: { width: 390, height: 844 },
} as const;

let federation = "";

test.beforeAll(async () => {
  test.setTimeout(900_000);
  const address = await showcase(7);
  const call = { address, abi: federationAbi, functionName: "tick", chain: null } as const;
  await walletOf(ANYBODY)
    .writeContract(call)
    .catch(() => undefined); // nothing is due: the round runs
  federation = address;
});

for (const [view, viewport] of Object.entries(VIEWS)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${view}, ${colorScheme}`, async ({ page, wallet }) => {
      test.setTimeout(240_000);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.goto("./");
      await connect(page);
      await wallet.chooseAccount(DEVICE);
      for (const [name, path] of Object.entries(pagesOf(federation))) {
        await load(page, path);
        if (name === "block") await verify(page);
        if (view === "screen" && colorScheme === "light" && SHOWN.includes(name)) {
          await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
        }
        await shoot(page, `${name.replace(" ", "-")}-${view}-${colorScheme}`);
      }
    });
  }
}

/** All of a page, however long. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(FOLDER, "all", `${name}.png`), fullPage: true, animations: "disabled" });
}

async function verify(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText("checks of 12 passed")).toBeVisible();
  await settled(page);
}

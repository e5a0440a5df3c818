// Whole flows without a pointer: each stop of the Tab key can be seen, and no step needs more than keys.
import type { Locator, Page } from "@playwright/test";
import { isAddress } from "viem";
import { federationAbi } from "../src/generated/abi";
import { cidText } from "../src/lib/cid";
import { joinAsMiner, publicClient } from "./chain";
import { expect, test } from "./fixtures";
import { showcase } from "./showcase";
import { minerva, stack } from "./stack";
import { load } from "./visual";

const REQUESTER = 23;
const MINER = 22;
const DEVICE = 32;
/** Who takes part in the federation with a past: devices that earned something, and its miners. */
const EARNERS = [28, 27, 25, 26];
const MOST_STOPS = 150;

test.beforeAll(async () => {
  test.setTimeout(900_000);
  await showcase(4);
});

/** Press Tab until something has the focus; every stop on the way shows that it has it. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeEnabled();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press("Tab");
    const unseen = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === null || at === document.body) return null;
      const outlined = [at, at.closest("label")].some((element) => {
        if (element === null) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== "none" && outlineWidth !== "0px";
      });
      return outlined ? null : at.outerHTML.slice(0, 200);
    });
    expect(unseen, "a stop that cannot be seen").toBeNull();
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

async function press(page: Page, wanted: Locator): Promise<void> {
  await tabTo(page, wanted);
  await page.keyboard.press("Enter");
}

async function fill(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, page.getByLabel(label, { exact: true }));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

async function connectByKeys(page: Page): Promise<void> {
  await press(page, page.getByRole("button", { name: "Connect a wallet" }));
  await press(page, page.getByRole("button", { name: "Test wallet" }));
  await expect(page.getByRole("dialog")).toBeHidden();
}

/** Somebody who may claim something in a federation. */
async function earner(federation: string): Promise<number> {
  for (const account of EARNERS) {
    const { mayClaim } = await minerva("rewards", "show", federation, "--account", `anvil:${account}`);
    if (mayClaim !== "0") return account;
  }
  throw new Error(`nobody may claim anything in ${federation}`);
}

test("the way in: the content is skipped to, a dialog keeps the focus and gives it back", async ({
  page,
  wallet: _,
}) => {
  await load(page, "");
  await press(page, page.getByRole("link", { name: "Skip to the content" }));
  await expect(page.locator("main")).toBeFocused();
  expect(new URL(page.url()).hash).toBe("#/");

  await load(page, "");
  const button = page.getByRole("button", { name: "Connect a wallet" });
  await press(page, button);
  const dialog = page.getByRole("dialog", { name: "Connect a wallet" });
  await expect(dialog).toBeVisible();
  for (let stop = 0; stop < 6; stop++) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(
      () => document.activeElement !== document.body && document.activeElement?.closest("dialog") === null,
    );
    expect(outside).toBe(false);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();

  await press(page, page.getByRole("link", { name: "Network" }).first());
  await expect(page.getByRole("heading", { level: 1, name: "Network" })).toBeFocused();
  await expect(page).toHaveTitle("Network · Minerva");
});

test("a federation is created and joined, and a reward claimed, by keys alone", async ({ page, wallet }) => {
  test.setTimeout(240_000);
  const { manifest, model } = await publicClient().readContract({
    address: stack().federation,
    abi: federationAbi,
    functionName: "config",
  });
  await load(page, `create?manifest=${cidText(manifest)}&model=${cidText(model)}`);
  await connectByKeys(page);
  await wallet.chooseAccount(REQUESTER);
  await press(page, page.getByRole("button", { name: "Next" }));
  await fill(page, "Rounds", "2");
  await press(page, page.getByRole("button", { name: "6 Check and sign" }));
  await press(page, page.getByRole("button", { name: "Create the federation" }));
  await expect(page.getByRole("heading", { name: "Your federation is there" })).toBeVisible();

  await press(page, page.getByRole("link", { name: "How they do" }));
  await expect(page.getByRole("heading", { level: 1, name: "Participate" })).toBeFocused();
  const federation = new URL(page.url()).hash.split("/")[2] ?? "";
  if (!isAddress(federation)) throw new Error(`no federation in ${page.url()}`);
  await joinAsMiner(federation, MINER);
  await wallet.chooseAccount(DEVICE);
  await fill(page, "Root of the data", `0x${"ab".repeat(32)}`);
  await fill(page, "Samples", "100");
  await fill(page, "Rate", "1000000");
  await press(page, page.getByRole("button", { name: "Register the device" }));
  await expect(page.getByText("Bound to")).toBeVisible();

  const past = await showcase(4);
  await wallet.chooseAccount(await earner(past));
  await load(page, `participate/${past}`);
  const rewards = page
    .locator("section")
    .filter({ has: page.getByRole("heading", { name: "Your rewards", exact: true }) });
  const claim = rewards.getByRole("button", { name: "Claim all of it" });
  await press(page, claim);
  await expect(rewards.getByRole("button", { name: "Nothing to claim yet" })).toBeVisible();
});

test("where motion is not wanted, nothing moves by itself", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await load(page, "");
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  const moving = await page.evaluate(() => {
    const seconds = (durations: string) => Math.max(...durations.split(",").map(Number.parseFloat));
    return [...document.querySelectorAll("*")]
      .filter((element) => {
        const { transitionDuration, animationName, animationDuration } = getComputedStyle(element);
        const lasting = animationName === "none" ? 0 : seconds(animationDuration);
        return Math.max(seconds(transitionDuration), lasting) > 0.01;
      })
      .map((element) => `${element.tagName} ${element.className}`);
  });
  expect(moving).toEqual([]);
});

import { test as base, type ConsoleMessage, expect, type Page } from "@playwright/test";
import { stack } from "./stack";
import { TestWallet } from "./wallet";

interface Fixtures {
  /** A wallet in the page, which is not connected yet. */
  wallet: TestWallet;
  /** What the page wrote to the console as an error: at the end there must be none. */
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  baseURL: async ({ browserName: _ }, use) => use(`${stack().webui}/`),
  complaints: [
    async ({ page }, use) => {
      const heard: string[] = [];
      page.on(
        "console",
        (message: ConsoleMessage) => message.type() === "error" && heard.push(message.text()),
      );
      page.on("pageerror", (error) => heard.push(error.message));
      await use(heard);
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],
  wallet: async ({ page }, use) => use(await TestWallet.install(page, stack().rpc)),
});

export { expect };

export async function connect(page: Page, name = "Test wallet"): Promise<void> {
  await page.getByRole("button", { name: "Connect a wallet" }).click();
  await page.getByRole("button", { name }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
}

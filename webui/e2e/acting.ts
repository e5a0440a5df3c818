// What tests of a federation's pages do again and again.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { stack } from "./stack";

/** No serious or critical finding of axe on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

/** The page may speak to the stack's chain and gateway, and to nobody else. */
export async function expectConfined(page: Page, complaints: string[]): Promise<void> {
  const outcome = await page.evaluate(() =>
    fetch("http://127.0.0.1:9/").then(
      () => "sent",
      () => "refused",
    ),
  );
  expect(outcome).toBe("refused");
  const policies = page.locator('meta[http-equiv="Content-Security-Policy"]');
  const sources = await policies.evaluateAll((metas) =>
    metas.map((meta) => meta.getAttribute("content")).join(";"),
  );
  expect(sources).toContain(
    `connect-src 'self' ${stack().rpc} ${stack().rpc.replace("http", "ws")} ${stack().gateway}`,
  );
  expect(complaints.splice(0).join()).toContain("Content Security Policy");
}

/** From one of a federation's pages to another, by its link. */
export async function goTo(page: Page, view: "federation" | "participate" | "admin"): Promise<void> {
  const pages = page.getByRole("navigation", { name: "this federation" });
  await pages.locator(`a[href^="#/${view}/"]`).first().click();
}

/** To a step of the wizard. */
export async function toStep(page: Page, name: RegExp): Promise<void> {
  await page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name }).click();
}

/** Press a button that writes, and wait until that is in a block; what is still told of another press does not count. */
export async function press(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    for (const toast of document.querySelectorAll("[data-sonner-toast]")) toast.setAttribute("data-old", "");
  });
  await page.getByRole("button", { name, exact: true }).click();
  const told = page.locator("[data-sonner-toast]:not([data-old])");
  await expect(told.getByText(`${name}: done`, { exact: true })).toBeVisible();
}

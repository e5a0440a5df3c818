import { expect, test } from "./fixtures";
import { showcase } from "./showcase";
import { expectAccessible, expectStructure, load, misplaced, pagesOf, watchShifts } from "./visual";

/** What a shift may be worth: the least that "good" means is 0.1. */
const MOST_SHIFT = 0.01;

const VIEWS = [
  ["a telephone", { width: 390, height: 844 }],
  ["a screen", { width: 1440, height: 900 }],
] as const;

let federation = "";

test.beforeAll(async () => {
  test.setTimeout(500_000);
  federation = await showcase(5);
});

for (const [name, viewport] of VIEWS) {
  test(`on ${name}, light and dark, no page is cut, covered, hard to read, or moves while it loads`, async ({
    page,
  }) => {
    test.setTimeout(240_000);
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: "light" });
    const shifts = await watchShifts(page);
    const titles = new Set<string>();
    for (const [title, path] of Object.entries(pagesOf(federation))) {
      await test.step(title, async () => {
        await load(page, path);
        const { sum, moved } = await shifts();
        expect.soft(sum, `${title}: ${moved.join("; ")}`).toBeLessThan(MOST_SHIFT);
        expect.soft(await misplaced(page), title).toEqual([]);
        titles.add(await expectStructure(page));
        await expectAccessible(page);
        await page.getByRole("button", { name: "Use dark colours" }).click();
        await expectAccessible(page, "color-contrast");
        await page.getByRole("button", { name: "Use light colours" }).click();
      });
    }
    expect(titles.size).toBe(Object.keys(pagesOf(federation)).length - 1); // a round is shown on the chain's page
  });
}

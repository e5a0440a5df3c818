import { defineConfig } from "@playwright/test";

/** Debian's Chromium, told to leave the network alone. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "e2e",
  // Pictures are made on demand alone: `npm run screenshots`.
  testIgnore: process.env.MINERVA_SCREENSHOTS === undefined ? "screenshots.spec.ts" : [],
  globalSetup: "./e2e/stack.ts",
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 1,
  // What passes the second time is told as flaky.
  retries: 1,
  fullyParallel: false,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    trace: "on-first-retry",
    launchOptions: {
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});

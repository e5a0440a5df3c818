// How long the pages of a federation take to show it, in Chromium: node scripts/opening.mjs '{"url", "rpc", "federation", "from", "rounds", "devices", "repeat"}'
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";
import { createPublicClient, http, parseEventLogs } from "viem";

const WITHIN_MS = 60_000;
const RANGE = 500n;
const run = JSON.parse(process.argv[2]);
const figure = (value) => value.toLocaleString("en-US");

/** By page: its path, and what in it tells that all is shown. Runs in the page. */
const PAGES = {
  federation: [
    `federation/${run.federation}`,
    ({ last, devices, rounds }) => {
      const cells = (name) =>
        [...document.querySelectorAll(`section[aria-label="${name}"] tbody tr:first-child td`)].map(
          (cell) => cell.textContent,
        );
      const heading = [...document.querySelectorAll("h2")].some(
        (h) => h.textContent === `Devices (${devices})`,
      );
      return (
        cells("Rounds, the newest first")[0] === last &&
        heading &&
        cells("Devices")[5] === rounds &&
        !document.body.textContent.includes("reading events")
      );
    },
  ],
  home: [
    "",
    ({ last }) =>
      [...document.querySelectorAll("article dl div")].some(
        (figure) => figure.textContent.replace("round", "") === last,
      ),
  ],
  chain: [
    `chain/${run.federation}`,
    ({ rounds }) =>
      document.querySelector('section[aria-label="Blocks, the newest first"] tbody td')?.textContent ===
      rounds,
  ],
  block: [
    `block/${run.federation}/${run.rounds}`,
    ({ rounds }) =>
      document.querySelector("h1")?.textContent === `Block ${rounds}` &&
      document.querySelectorAll('section[aria-label^="Updates of round"] tbody tr').length > 0,
  ],
  model: [
    `model/${run.federation}`,
    ({ rounds }) => document.querySelector("h1")?.textContent.startsWith(`Model after block ${rounds} `),
  ],
};

const EXPECTED = { last: figure(run.rounds + 1), rounds: figure(run.rounds), devices: run.devices };

/** Before anything else of a page: what tells that it shows all, and how long it could not answer. */
const PRELUDE = `
  window.blocked = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.blocked.push(duration);
  }).observe({ type: "longtask", buffered: true });
  window.shown = { ${Object.entries(PAGES).map(([name, [, isShown]]) => `${name}: ${isShown}`)} };
`;

/** Milliseconds from the navigation until all is shown, and the longest for which the page could not answer. */
async function shown(page, name) {
  const handle = await page.waitForFunction(
    ([name, expected]) =>
      window.shown[name](expected) && { ms: performance.now(), blockedMs: Math.max(0, ...window.blocked) },
    [name, EXPECTED],
    { timeout: WITHIN_MS, polling: "raf" },
  );
  return handle.jsonValue();
}

async function opened(context, name) {
  const page = await context.newPage();
  const inspected = await context.newCDPSession(page);
  await inspected.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(`${run.url}/#/${PAGES[name][0]}`);
  const found = await shown(page, name);
  const { metrics } = await inspected.send("Performance.getMetrics");
  await page.close();
  return { ...found, cpuMs: 1000 * metrics.find(({ name: metric }) => metric === "TaskDuration").value };
}

async function browse() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const found = { cold: [], ...Object.fromEntries(Object.keys(PAGES).map((name) => [name, []])) };
  try {
    for (let time = 0; time < run.repeat; time += 1) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      await context.addInitScript(PRELUDE);
      found.cold.push(await opened(context, "federation"));
      for (const name of Object.keys(PAGES)) found[name].push(await opened(context, name));
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return found;
}

/** The baseline: the federation's and its miners' events, range by range, decoded by viem. */
async function walked() {
  const abi = ["Federation", "FederationExtension", "Miner", "ProofOfWork"].flatMap((name) =>
    JSON.parse(readFileSync(new URL(`../../build/contracts/${name}.json`, import.meta.url))).abi.filter(
      ({ type }) => type === "event",
    ),
  );
  const client = createPublicClient({ transport: http(run.rpc, { timeout: WITHIN_MS }) });
  const start = performance.now();
  const head = await client.getBlockNumber();
  const address = [run.federation, ...run.miners];
  let events = 0;
  for (let fromBlock = BigInt(run.from); fromBlock <= head; fromBlock += RANGE) {
    const toBlock = fromBlock + RANGE - 1n < head ? fromBlock + RANGE - 1n : head;
    events += parseEventLogs({ abi, logs: await client.getLogs({ address, fromBlock, toBlock }) }).length;
  }
  return { ms: performance.now() - start, events };
}

const baseline = await walked();
process.stdout.write(JSON.stringify({ baseline, pages: await browse() }));

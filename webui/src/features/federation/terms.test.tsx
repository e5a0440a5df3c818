import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Facts } from "@/components/facts";
import type { Manifest } from "@/features/content/manifest";
import { COIN } from "@/lib/coin";
import { taskFacts } from "./parameters";
import { rewardFacts, stakeFacts } from "./terms";
import type { FederationConfig } from "./use-federation-state";

const shown = (entries: Parameters<typeof Facts>[0]["entries"]) =>
  renderToStaticMarkup(<Facts entries={entries} />);

test("shares, the time to claim and penalties are told", () => {
  const shares = { dataBps: 5000, proposerBps: 1500, ballotBps: 2500, attesterBps: 1000 };
  const rewards = { terms: { ...shares, perRound: 10n ** 18n, claimSeconds: 86_400 }, currency: COIN };
  const paid = shown(rewardFacts(rewards as unknown as FederationConfig["rewards"]));
  for (const text of ["1 ETH", "50.00 %", "15.00 %", "25.00 %", "10.00 %", "1 d"])
    expect(paid).toContain(text);
  const penalties = { rejectedBps: 2000, equivocationBps: 10_000, absenceBps: 100, reporterBps: 1 };
  const terms = { ...penalties, minimum: 10n ** 17n, unit: 10n ** 15n, absences: 3, evidenceSeconds: 3600 };
  const stake = { terms, unbondingSeconds: 7200, currency: COIN } as unknown as FederationConfig["stake"];
  const staked = shown(stakeFacts(stake));
  for (const text of [
    "0.1 ETH",
    "0.001 ETH",
    "2 h",
    "1 h",
    "20.00 %",
    "100.00 %",
    "1.00 %, each 3",
    "0.01 %",
  ])
    expect(staked).toContain(text);
});

test("a manifest's code, hyperparameters and rules are told, as a stranger's texts", () => {
  const manifest = {
    codeSha256: "ab".repeat(32),
    hyperparameters: [
      ["lr", "0.1"],
      ["<b>\u202E", "<i>"],
    ],
    rules: [["sample_cap", "4"]],
    tensorCount: 1,
  } as unknown as Manifest;
  const html = shown(taskFacts(manifest));
  for (const text of ["ab".repeat(32), "lr: 0.1", "sample_cap: 4", "&lt;b&gt;"]) expect(html).toContain(text);
  expect(html).not.toContain("\u202E");
});

// What a federation pays for and punishes, as facts.
import type { ReactNode } from "react";
import { Amount } from "@/components/amount";
import { formatDuration, formatNumber, formatPercent } from "@/lib/format";
import type { FederationConfig } from "./use-federation-state";

type Entries = readonly (readonly [string, ReactNode])[];

const bps = (share: number) => formatPercent(share / 10_000, 2);

/** How a round's rewards are shared, and until when they can be claimed. */
export function rewardFacts(rewards: FederationConfig["rewards"]): Entries {
  if (rewards === null) return [["Rewards a round", "none"]];
  const { terms, currency } = rewards;
  return [
    ["Rewards a round", <Amount key="r" value={terms.perRound} currency={currency} />],
    ["Of it for data", bps(terms.dataBps)],
    ["Of it for the block", bps(terms.proposerBps)],
    ["Of it for ballots", bps(terms.ballotBps)],
    ["Of it for attesting", bps(terms.attesterBps)],
    ["Time to claim after the end", formatDuration(terms.claimSeconds)],
  ];
}

/** What miners stake, what they lose of it, and for what. */
export function stakeFacts(stake: FederationConfig["stake"]): Entries {
  if (stake === null) return [["Least stake", "none"]];
  const { terms, currency, unbondingSeconds } = stake;
  const absences = `${bps(terms.absenceBps)}, each ${formatNumber(terms.absences)} of them`;
  return [
    ["Least stake", <Amount key="s" value={terms.minimum} currency={currency} />],
    ["A unit of weight", <Amount key="u" value={terms.unit} currency={currency} />],
    ["Stake waits on its way out", formatDuration(unbondingSeconds)],
    ["Time to bring evidence", formatDuration(terms.evidenceSeconds)],
    ["Lost for a rejected block", bps(terms.rejectedBps)],
    ["Lost for contradicting itself", bps(terms.equivocationBps)],
    ["Lost for absences", terms.absences === 0 ? "nothing" : absences],
    ["Of it to who reports", bps(terms.reporterBps)],
  ];
}

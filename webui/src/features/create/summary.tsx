import type { Address } from "viem";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import type { Currency } from "@/features/federation/use-federation-state";
import type { Call } from "@/features/wallet/call";
import { Fee } from "@/features/wallet/fee";
import { useCost } from "@/features/wallet/use-cost";
import { formatDuration } from "@/lib/format";
import { amountOf, type Place } from "./check";
import { type Draft, numberOf } from "./draft";
import { isPaid } from "./fields-terms";

/** Whose cost it is while no wallet is connected: anyone may create a federation, at the same cost. */
const ANYBODY: Address = "0x000000000000000000000000000000000000dEaD";

interface Props {
  draft: Draft;
  place: Place;
  call: Call | null;
  currency: Currency | null;
}

/** What the draft amounts to so far: time, money, and what creating it costs. */
export function Summary({ draft, place, call, currency }: Props) {
  const estimate = useCost(call, ANYBODY);
  const [round, longest] = durations(draft);
  const rounds = numberOf(draft, "rounds");
  const perRound = isPaid(draft) ? amountOf(draft, "rewardPerRound", place) : 0n;
  const escrow = perRound === null || Number.isNaN(rounds) ? null : perRound * BigInt(rounds);
  return (
    <Card title="So far">
      <div aria-live="polite">
        <Facts
          entries={[
            ["A round, if all act in time", Number.isNaN(round) ? "?" : `up to ${formatDuration(round)}`],
            ["A round at worst", Number.isNaN(longest) ? "?" : formatDuration(longest)],
            ["All rounds", Number.isNaN(round * rounds) ? "?" : `up to ${formatDuration(round * rounds)}`],
            [
              "Escrow for all rounds",
              escrow === null || currency === null ? (
                "?"
              ) : escrow === 0n ? (
                "none"
              ) : (
                <Amount key="escrow" value={escrow} currency={currency} />
              ),
            ],
            [
              "Creating it costs",
              estimate?.cost ? (
                <span key="cost">
                  <Fee cost={estimate.cost} />
                </span>
              ) : call === null ? (
                "told once every value is right"
              ) : estimate?.problem ? (
                "unknown: it would be refused"
              ) : (
                "being estimated"
              ),
            ],
          ]}
        />
      </div>
    </Card>
  );
}

/** How long a round takes when its phases use all of their time, and with every extension, candidate and pause (S5). */
export function durations(draft: Draft): readonly [number, number] {
  const number = (key: string) => numberOf(draft, key);
  const phases = number("trainingSeconds") + number("verificationSeconds") + number("miningSeconds");
  const block = number("miningSeconds") + number("attestationSeconds");
  const longest =
    (number("maxExtensions") + 1) * phases + number("maxCandidates") * block + number("maxPauseSeconds");
  return [phases + number("attestationSeconds"), longest];
}

import { useMemo, useState } from "react";
import type { Address as AddressText } from "viem";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { FormField } from "@/components/form-field";
import { Stat } from "@/components/stat";
import { Time } from "@/components/time";
import type { Federation } from "@/features/federation/records";
import type { Currency, FederationConfig } from "@/features/federation/use-federation-state";
import type { Position } from "@/features/membership/use-position";
import type { Subject } from "@/features/membership/with-subject";
import { type Call, contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { rewardVaultAbi } from "@/generated/abi";
import { useChainNow } from "@/hooks/use-chain-now";
import { formatAmount } from "@/lib/format";
import { cleanText } from "@/lib/text";
import { ClaimElsewhere } from "./claim-elsewhere";
import type { Entitlement } from "./claim-to";
import { claimableOf, claimLabel } from "./claimable";
import { type Earned, earnedProof } from "./earned";
import { attestationReward, attesters, factsOf, receiptOf, tableOf } from "./table";
import { sampleCapOf, useEarned } from "./use-earned";
import { receiptLines } from "./words";

type Rewards = NonNullable<FederationConfig["rewards"]>;

interface Props {
  subject: Subject;
  account: AddressText;
  position: Position | undefined;
}

/** What the account earned, the claim of it, and why it was that much. */
export function RewardsCard({ subject, account, position }: Props) {
  const { rewards } = subject.config;
  if (rewards === null) {
    return (
      <Card title="Your rewards">
        <p className="text-sm">This federation pays nothing: whoever takes part does so for the model.</p>
      </Card>
    );
  }
  return <Paid {...{ subject, account, position, rewards }} />;
}

function Paid({ subject, account, position, rewards }: Props & { rewards: Rewards }) {
  const { record, manifest, state, complete } = subject;
  const { currency, vault } = rewards;
  const now = useChainNow();
  const present = useEarned(record, manifest, rewards.terms);
  const { earned, note, confirmed } = present;
  const claimable = claimableOf(account, position, present, complete);
  const label = claimLabel(claimable);
  const { byTable, sum } = claimable;
  const until = record.money.closesAt;
  const over = until !== null && until <= now;
  const claimed = position?.claimed ?? 0n;
  const entitlement = useMemo(
    () => (over || byTable === 0n ? null : entitlementOf(record, vault, account, earned, claimed)),
    [over, byTable, record, vault, account, earned, claimed],
  );
  const call = useMemo(
    () => (over || sum === 0n ? null : claimCall(label, vault, account, byTable, entitlement)),
    [over, sum, label, vault, account, byTable, entitlement],
  );
  const money = (amount: bigint | undefined) =>
    amount === undefined ? "?" : <Amount value={amount} currency={currency} />;
  return (
    <Card title="Your rewards">
      <div className="mb-3 grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat name="Earned by blocks" value={earned === null ? "?" : money(earned.get(account) ?? 0n)} />
        <Stat name="Claimed of it" value={money(position?.claimed)} />
        <Stat name="For attesting" value={money(position?.attested)} />
        <Stat name="You may claim" value={claimable.known === "all" ? money(sum) : "?"} />
      </div>
      {note !== null && <p className="mb-2 text-sm">{note}</p>}
      {over ? (
        <p className="text-sm">The time to claim is over: what was not claimed is the requester's.</p>
      ) : (
        <section className="space-y-2">
          <p className="text-sm">
            One transaction claims all of it, of all rounds. Nothing is lost by waiting
            {until === null ? "" : " until the end of the claims"}.{" "}
            {until !== null && (
              <>
                Claims end <Time value={until} absolute />.
              </>
            )}
          </p>
          <WriteButton call={call} label={label} />
        </section>
      )}
      {entitlement !== null && <ClaimElsewhere entitlement={entitlement} currency={currency} />}
      {state.height > 0 && manifest !== null && complete && (
        <Receipts
          subject={subject}
          account={account}
          rewards={rewards}
          cap={sampleCapOf(manifest)}
          confirmed={confirmed}
        />
      )}
    </Card>
  );
}

/** What the account shows to be paid by the last block's table; null while that is not known. */
function entitlementOf(
  { address, blocks }: Federation,
  vault: AddressText,
  account: AddressText,
  earned: Earned | null,
  claimed: bigint,
): Entitlement | null {
  const header = blocks.at(-1)?.header;
  const proof = earned === null ? null : earnedProof(earned, account);
  if (header === undefined || proof === null) return null;
  const cumulative = earned?.get(account) ?? 0n;
  return { federation: address, vault, header, account, cumulative, claimed, proof };
}

/** The claim by the last block's table, or of attestations alone. */
function claimCall(
  label: string,
  vault: AddressText,
  account: AddressText,
  byTable: bigint,
  entitlement: Entitlement | null,
): Call | null {
  if (byTable === 0n) return contractCall(label, vault, rewardVaultAbi, "claimAttestations", [account]);
  if (entitlement === null) return null;
  const { header, cumulative, proof } = entitlement;
  return contractCall(label, vault, rewardVaultAbi, "claim", [header, account, cumulative, proof]);
}

interface ReceiptsProps {
  subject: Subject;
  account: AddressText;
  rewards: Rewards;
  cap: number;
  /** Whether the chain has the table that the rounds give. */
  confirmed: boolean;
}

/** Why it was that much, for the round that is chosen. */
function Receipts({ subject: { record, config }, account, rewards, cap, confirmed }: ReceiptsProps) {
  const blocks = record.rounds.filter(({ block }) => block !== null).toReversed();
  const [chosen, setChosen] = useState("");
  const round = blocks.find(({ number }) => String(number) === chosen) ?? blocks[0];
  const receipt = useMemo(() => {
    const facts = round === undefined ? null : factsOf(record, round, cap);
    if (facts === null || round === undefined) return null;
    const attested = attesters(record, round).has(account)
      ? attestationReward(rewards.terms, config.maxMiners)
      : 0n;
    return receiptOf(tableOf(facts, rewards.terms), account, attested);
  }, [record, round, cap, account, rewards, config.maxMiners]);
  if (receipt === null || round === undefined) return null;
  const money = moneyIn(rewards.currency);
  return (
    <section className="mt-4 space-y-2" aria-label="Receipt">
      <h3 className="font-semibold">Receipt</h3>
      <div className="max-w-xs">
        <FormField
          label="Round"
          value={String(round.number)}
          choices={blocks.slice(0, 1000).map(({ number }) => [String(number), `Round ${number}`])}
          onChange={setChosen}
        />
      </div>
      <p className="text-sm">
        {confirmed ? "You earned" : "By the rounds, which the block does not confirm, you earned"}{" "}
        {money(receipt.amount)} in round {round.number}
        {receipt.amount > 0n ? ":" : "."}
      </p>
      <ul className="list-disc space-y-1 pl-5 text-sm">
        {receiptLines(receipt, money).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

/** Writes sums of a currency; its symbol is a stranger's text. */
export function moneyIn({ decimals, symbol }: Currency): (amount: bigint) => string {
  const name = cleanText(symbol, 12) || "tokens";
  return (amount) => formatAmount(amount, decimals, name);
}

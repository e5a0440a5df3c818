import { useMemo, useState } from "react";
import type { Address as AddressText } from "viem";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { FormField } from "@/components/form-field";
import { Stat } from "@/components/stat";
import { Time } from "@/components/time";
import type { FederationConfig } from "@/features/federation/use-federation-state";
import { contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { stakeVaultAbi } from "@/generated/abi";
import { useChainNow } from "@/hooks/use-chain-now";
import { parseAmount } from "@/lib/amounts";
import { formatDuration } from "@/lib/format";
import { cleanText } from "@/lib/text";
import { PayButton } from "./pay-button";
import type { Position } from "./use-position";

interface Props {
  stake: NonNullable<FederationConfig["stake"]>;
  account: AddressText;
  position: Position;
  /** What it keeps while it has a place: it cannot take that out. */
  bound: bigint;
}

/** What the account has at stake: more of it, out of it, away. */
export function StakeCard({ stake, account, position, bound }: Props) {
  const { currency, vault, terms, unbondingSeconds } = stake;
  const now = useChainNow();
  const released = position.unbonding > 0n && position.releaseAt <= now ? position.unbonding : 0n;
  const ready = released + position.bounty;
  const withdraw = useMemo(
    () => (ready > 0n ? contractCall("Withdraw", vault, stakeVaultAbi, "withdraw", [account]) : null),
    [ready, vault, account],
  );
  return (
    <Card title="Your stake">
      <div className="mb-3 grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat name="At stake" value={<Amount value={position.bonded} currency={currency} />} />
        <Stat name="Least of a miner" value={<Amount value={terms.minimum} currency={currency} />} />
        <Stat
          name="On its way out"
          value={<Amount value={position.unbonding} currency={currency} />}
          hint={position.unbonding > 0n && <Time value={position.releaseAt} />}
        />
        <Stat name="To be withdrawn" value={<Amount value={ready} currency={currency} />} />
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <Deposit stake={stake} account={account} />
        <Unbond stake={stake} most={position.bonded > bound ? position.bonded - bound : 0n} />
      </div>
      <section className="mt-4 space-y-2">
        <h3 className="font-semibold">Withdraw</h3>
        <p className="text-sm">
          What you take out waits for {formatDuration(unbondingSeconds)}, since evidence of an offence may
          come so late.
        </p>
        <WriteButton call={withdraw} label="Withdraw" />
      </section>
    </Card>
  );
}

function Deposit({ stake, account }: Pick<Props, "stake" | "account">) {
  const { currency, vault } = stake;
  const [text, setText] = useState("");
  const amount = parseAmount(text, currency.decimals);
  const value = typeof amount === "bigint" && amount > 0n ? amount : null;
  const call = useMemo(
    () =>
      value === null
        ? null
        : contractCall(
            "Stake it",
            vault,
            stakeVaultAbi,
            "deposit",
            [account, value],
            currency.token === null ? value : 0n,
          ),
    [value, vault, account, currency.token],
  );
  return (
    <section className="space-y-2">
      <h3 className="font-semibold">Stake, or top up</h3>
      <Sum text={text} fault={faultOf(text, amount)} symbol={currency.symbol} onChange={setText} />
      <PayButton currency={currency} vault={vault} amount={value} call={call} label="Stake it" />
    </section>
  );
}

function Unbond({ stake, most }: { stake: Props["stake"]; most: bigint }) {
  const { currency, vault } = stake;
  const [text, setText] = useState("");
  const amount = parseAmount(text, currency.decimals);
  const beyond = typeof amount === "bigint" && amount > most;
  const value = typeof amount === "bigint" && amount > 0n && !beyond ? amount : null;
  const call = useMemo(
    () => (value === null ? null : contractCall("Take it out", vault, stakeVaultAbi, "unbond", [value])),
    [value, vault],
  );
  return (
    <section className="space-y-2">
      <h3 className="font-semibold">Take out</h3>
      <Sum
        text={text}
        fault={
          beyond
            ? "That much cannot be taken out: a miner with a place keeps the least stake."
            : faultOf(text, amount)
        }
        symbol={currency.symbol}
        onChange={setText}
      />
      <p className="text-sm">
        You can take out <Amount value={most} currency={currency} />. All that is on its way waits anew.
      </p>
      <WriteButton call={call} label="Take it out" />
    </section>
  );
}

interface SumProps {
  text: string;
  fault: string | undefined;
  symbol: string;
  onChange: (text: string) => void;
}

/** A sum in a currency's own unit. */
export function Sum({ text, fault, symbol, onChange }: SumProps) {
  return (
    <FormField
      label="Sum"
      value={text}
      placeholder="0.1"
      fault={fault}
      aside={<bdi>{cleanText(symbol, 12) || "tokens"}</bdi>}
      onChange={onChange}
    />
  );
}

/** Nothing is said of a field that nobody touched. */
export function faultOf(text: string, amount: bigint | string): string | undefined {
  if (text.trim() === "") return undefined;
  return typeof amount === "string" ? amount : amount === 0n ? "It is more than nothing." : undefined;
}

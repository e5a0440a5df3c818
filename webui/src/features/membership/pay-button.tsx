import { useMemo } from "react";
import type { Address } from "viem";
import { Amount } from "@/components/amount";
import type { Currency } from "@/features/federation/use-federation-state";
import { type Call, contractCall } from "@/features/wallet/call";
import { useWallet } from "@/features/wallet/use-wallet";
import { WriteButton } from "@/features/wallet/write-button";
import { tokenAbi } from "@/generated/abi";
import { usePurse } from "./use-position";

interface Props {
  currency: Currency;
  /** Who takes the money. */
  vault: Address;
  /** Null while there is none, or it is none. */
  amount: bigint | null;
  /** The call that pays; null while it is not complete. */
  call: Call | null;
  label: string;
}

/** Pays ether, or a token, of which the vault is first allowed to take exactly this sum. */
export function PayButton({ currency, vault, amount, call, label }: Props) {
  const { account } = useWallet();
  const purse = usePurse(currency.token, account, vault);
  const poor = purse !== undefined && amount !== null && purse.balance < amount;
  const lacksPermission = purse?.allowed != null && amount !== null && purse.allowed < amount;
  // Some tokens change what is allowed by way of nothing only.
  const former = lacksPermission && purse.allowed > 0n;
  const allowing = former ? "Take back what was allowed" : "Allow exactly this sum";
  const allow = useMemo(
    () =>
      currency.token === null || amount === null
        ? null
        : contractCall(allowing, currency.token, tokenAbi, "approve", [vault, former ? 0n : amount]),
    [currency.token, vault, amount, former, allowing],
  );
  return (
    <div className="space-y-2">
      {purse !== undefined && (
        <p className="text-sm">
          You have <Amount value={purse.balance} currency={currency} />
          {poor && ": that is not enough"}.
        </p>
      )}
      {lacksPermission && (
        <>
          <p className="text-sm">
            {former
              ? "Three signatures: the token lets the vault take less than this; that is taken back, then the sum allowed, then paid."
              : "Two signatures: the token must first let the vault take the sum."}
          </p>
          <WriteButton key={allowing} call={poor ? null : allow} label={allowing} />
        </>
      )}
      {!lacksPermission && <WriteButton call={poor ? null : call} label={label} />}
    </div>
  );
}

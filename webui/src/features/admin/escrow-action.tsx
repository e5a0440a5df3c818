import { useMemo, useState } from "react";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { FormField } from "@/components/form-field";
import { Stat } from "@/components/stat";
import { PayButton } from "@/features/membership/pay-button";
import { faultOf } from "@/features/membership/stake-card";
import type { Subject } from "@/features/membership/with-subject";
import { contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { rewardVaultAbi } from "@/generated/abi";
import { Status } from "@/generated/enums";
import { parseAmount } from "@/lib/amounts";
import { cleanText } from "@/lib/text";
import { Action } from "./action";
import type { Permission } from "./permissions";

/** The escrow: what is there, what is lacking, and what returns. */
export function EscrowAction({ subject, may }: { subject: Subject; may: Permission }) {
  const { rewards } = subject.config;
  if (rewards === null) {
    return (
      <Card title="Escrow">
        <p className="text-sm">This federation pays nothing, so there is nothing to fund.</p>
      </Card>
    );
  }
  const { currency, required } = rewards;
  const { funded, returned } = subject.record.money;
  const lacking = required > funded ? required - funded : 0n;
  const closed = subject.state.status === Status.Closed;
  return (
    <Action
      title="Escrow"
      may={may}
      what="Round 1 opens once all rounds are paid for. What nobody earns returns to the requester."
    >
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat name="Needed for all rounds" value={<Amount value={required} currency={currency} />} />
        <Stat name="Paid in" value={<Amount value={funded} currency={currency} />} />
        <Stat name="Lacking" value={<Amount value={lacking} currency={currency} />} />
        <Stat name="Returned" value={<Amount value={returned} currency={currency} />} />
      </div>
      {lacking > 0n && !closed && <Fund rewards={rewards} lacking={lacking} />}
      {closed && <Reclaim vault={rewards.vault} />}
    </Action>
  );
}

type Rewards = NonNullable<Subject["config"]["rewards"]>;

function Fund({ rewards, lacking }: { rewards: Rewards; lacking: bigint }) {
  const { currency, vault } = rewards;
  const [text, setText] = useState("");
  const given = parseAmount(text, currency.decimals);
  const beyond = typeof given === "bigint" && given > lacking;
  const amount =
    text.trim() === "" ? lacking : typeof given === "bigint" && given > 0n && !beyond ? given : null;
  const call = useMemo(
    () =>
      amount === null
        ? null
        : contractCall(
            "Fund the escrow",
            vault,
            rewardVaultAbi,
            "fund",
            [amount],
            currency.token === null ? amount : 0n,
          ),
    [amount, vault, currency.token],
  );
  return (
    <>
      <FormField
        label="Sum"
        help="Empty: all that is lacking."
        value={text}
        fault={beyond ? "The escrow does not lack that much." : faultOf(text, given)}
        aside={<bdi>{cleanText(currency.symbol, 12) || "tokens"}</bdi>}
        onChange={setText}
      />
      <PayButton currency={currency} vault={vault} amount={amount} call={call} label="Fund the escrow" />
    </>
  );
}

/** At once what nobody can earn any more; after the claim period all that is left. */
function Reclaim({ vault }: { vault: Rewards["vault"] }) {
  const call = useMemo(() => contractCall("Return the rest", vault, rewardVaultAbi, "reclaim", []), [vault]);
  return <WriteButton call={call} label="Return the rest" />;
}

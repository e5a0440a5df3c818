import { useMemo, useState } from "react";
import type { Address as AddressText, Hex } from "viem";
import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { Command } from "@/components/command";
import { ErrorNote } from "@/components/error-note";
import { Facts } from "@/components/facts";
import { FormField } from "@/components/form-field";
import { useRuntime } from "@/features/chain/context";
import type { Currency } from "@/features/federation/use-federation-state";
import { useSignature } from "@/features/wallet/use-signature";
import { WriteButton } from "@/features/wallet/write-button";
import { formatNumber } from "@/lib/format";
import { saveFile } from "@/lib/save";
import { shellLine } from "@/lib/shell";
import { claimToCall, claimToData, type Entitlement, readRecipient, signedClaim } from "./claim-to";

interface Props {
  entitlement: Entitlement;
  currency: Currency;
}

/** Has what was earned paid to another address, which the account signs for. */
export function ClaimElsewhere({ entitlement, currency }: Props) {
  const [text, setText] = useState("");
  const recipient = readRecipient(text, entitlement.account);
  return (
    <section className="mt-4 space-y-2" aria-label="Claim to another address">
      <h3 className="font-medium">Claim to another address</h3>
      <p className="text-sm">
        You sign for it, which costs nothing. Whoever has the signature can send the claim, and pays its gas.
      </p>
      <FormField
        label="Pay it to"
        placeholder="0x…"
        value={text}
        fault={typeof recipient === "string" ? recipient : undefined}
        onChange={setText}
      />
      {recipient !== null && typeof recipient !== "string" && (
        // A signature is for one recipient, and void once something else was claimed.
        <Signing
          key={`${recipient.to}-${entitlement.claimed}`}
          {...{ entitlement, currency }}
          to={recipient.to}
        />
      )}
    </section>
  );
}

function Signing({ entitlement: latest, currency, to }: Props & { to: AddressText }) {
  const { network } = useRuntime();
  const { state, sign, ready } = useSignature();
  // What was signed stays as it was when a block follows: the older one's table pays as well.
  const [asked, setAsked] = useState<Entitlement | null>(null);
  const entitlement = asked !== null && state.status === "signed" ? asked : latest;
  const { vault, header, cumulative, claimed } = entitlement;
  const start = () => {
    setAsked(latest);
    void sign(claimToData(network.chainId, latest, to));
  };
  return (
    <>
      <p className="text-sm">
        What you sign says: of the sums below, the escrow pays what was not claimed yet, and what attesting
        brought, to this address. It is void once you have claimed in another way.
      </p>
      <Facts
        entries={[
          ["To", <Address key="to" value={to} full />],
          [
            `Earned up to block ${formatNumber(header.number)}`,
            <Amount key="earned" value={cumulative} currency={currency} />,
          ],
          ["Claimed of it", <Amount key="claimed" value={claimed} currency={currency} />],
          ["To be paid by blocks", <Amount key="paid" value={cumulative - claimed} currency={currency} />],
          ["Escrow", <Address key="escrow" value={vault} />],
          ["Chain", network.chainId],
        ]}
      />
      <div role="status" aria-live="polite" className="text-sm">
        {state.status === "signing" && "Look into your wallet: it asks for your signature."}
        {state.status === "signed" && "Signed."}
      </div>
      {state.status === "failed" && <ErrorNote problem={state.problem} />}
      {state.status === "signed" ? (
        <Signed entitlement={entitlement} to={to} signature={state.signature} />
      ) : (
        <button type="button" className="btn btn-primary" disabled={!ready} onClick={start}>
          Sign for this address
        </button>
      )}
    </>
  );
}

interface SignedProps {
  entitlement: Entitlement;
  to: AddressText;
  signature: Hex;
}

/** Sent from here, or saved for somebody who pays the gas. */
function Signed({ entitlement, to, signature }: SignedProps) {
  const { network } = useRuntime();
  const call = useMemo(
    () => claimToCall("Claim to this address", entitlement, to, signature),
    [entitlement, to, signature],
  );
  const save = () =>
    saveFile("claim.json", signedClaim(network.chainId, entitlement, to, signature), "application/json");
  return (
    <>
      <WriteButton call={call} label="Claim to this address" />
      <p className="text-sm">Or let somebody else send it:</p>
      <button type="button" className="btn btn-sm" onClick={save}>
        Save claim.json
      </button>
      <Command
        line={shellLine("minerva", "rewards", "claim", entitlement.federation, "--submit", "claim.json")}
      />
    </>
  );
}

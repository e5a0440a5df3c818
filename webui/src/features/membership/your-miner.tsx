import { useMemo } from "react";
import type { Address as AddressText, Hex } from "viem";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { FormField } from "@/components/form-field";
import { StrangerText } from "@/components/stranger-text";
import { useRuntime } from "@/features/chain/context";
import type { Miner } from "@/features/federation/records";
import { standing } from "@/features/federation/selectors";
import { contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { factoryAbi, federationAbi, minerAbi } from "@/generated/abi";
import { Role } from "@/generated/enums";
import { formatNumber } from "@/lib/format";
import { safeUrl } from "@/lib/text";
import { EvidenceField, useEvidence } from "./evidence-field";
import type { Position } from "./use-position";
import type { Subject } from "./with-subject";

const MOST_BYTES = 256;

interface Props {
  subject: Subject;
  account: AddressText;
  /** Of the allow-list, where there is one. */
  root: Hex | null | undefined;
  /** The list as it was given: its CID or its text. */
  source: string;
  onSource: (source: string) => void;
  position: Position | undefined;
  /** What the policy wants staked of a miner that joins. */
  wanted: bigint;
  endpoint: string;
  onEndpoint: (endpoint: string) => void;
}

/** The account's miner, unless it left. */
export function minerOf({ record }: Pick<Subject, "record">, account: AddressText): Miner | null {
  const owned = [...record.miners.values()].filter(
    (miner) => miner.owner === account && miner.status !== "left",
  );
  return owned.at(-1) ?? null;
}

/** Why an endpoint is none that devices could reach; null for one that is, or that is empty. */
export function endpointFault(text: string): string | null {
  if (text.trim() === "") return null;
  if (new TextEncoder().encode(text.trim()).length > MOST_BYTES) return `It has at most ${MOST_BYTES} bytes.`;
  return safeUrl(text.trim()) === null ? "It begins with http:// or https://." : null;
}

/** The connected account as a miner. */
export function YourMiner(props: Props) {
  const miner = minerOf(props.subject, props.account);
  return (
    <Card title="Your miner">
      {miner === null ? <Register {...props} /> : <Owned {...props} miner={miner} />}
    </Card>
  );
}

function Register(props: Props) {
  const { subject, account, root, source, onSource, position, wanted, endpoint, onEndpoint } = props;
  const { network } = useRuntime();
  const evidence = useEvidence(root, account, Role.Miner, source);
  const { stake } = subject.config;
  const minimum = stake === null ? 0n : stake.terms.minimum > wanted ? stake.terms.minimum : wanted;
  const lacking = minimum - (position?.bonded ?? 0n);
  const fault = endpointFault(endpoint);
  const call = useMemo(
    () =>
      evidence === null || fault !== null || lacking > 0n
        ? null
        : contractCall("Register the miner", network.factory, factoryAbi, "createMiner", [
            subject.address,
            endpoint.trim(),
            evidence,
          ]),
    [evidence, fault, lacking, network.factory, subject.address, endpoint],
  );
  return (
    <div className="space-y-2">
      <p className="text-sm">
        This account owns no miner here. Register it, then run it at home with the command below: who
        registers and does not vote is dormant after its first round.
      </p>
      {lacking > 0n && stake !== null && (
        <p className="text-sm">
          First stake <Amount value={lacking} currency={stake.currency} /> more, below.
        </p>
      )}
      <Endpoint value={endpoint} fault={fault} onChange={onEndpoint} />
      {root != null && <EvidenceField {...{ root, account, source }} role={Role.Miner} onSource={onSource} />}
      <WriteButton call={call} label="Register the miner" />
    </div>
  );
}

function Owned({ subject, miner, endpoint, onEndpoint }: Props & { miner: Miner }) {
  const { address, state } = subject;
  const status = standing(miner, state);
  const leaving = status === "leaving";
  const fault = endpointFault(endpoint);
  const move = useMemo(
    () =>
      fault !== null || endpoint.trim() === ""
        ? null
        : contractCall("Move the miner's API", miner.contract, minerAbi, "setEndpoint", [
            keepingKey(endpoint.trim(), miner.endpoint),
          ]),
    [fault, endpoint, miner],
  );
  const calls = useMemo(
    () => ({
      checkIn: contractCall("Check in", address, federationAbi, "checkIn", []),
      leave: contractCall("Leave the federation", address, federationAbi, "leave", []),
    }),
    [address],
  );
  return (
    <div className="space-y-4">
      <Facts
        entries={[
          ["Number", miner.index],
          ["Status", miner.expelled ? `${status}, expelled` : status],
          ["Devices", formatNumber(miner.devices)],
          ["Blocks", `${formatNumber(miner.mined)} of ${formatNumber(miner.proposed)} proposed`],
          ["Ballots, absences", `${formatNumber(miner.votes)}, ${formatNumber(miner.absences)}`],
          ["API", <StrangerText key="api" value={miner.endpoint} most={80} none="not told" />],
        ]}
      />
      {status === "dormant" && (
        <section className="space-y-2">
          <p className="text-sm">
            It missed a vote: rounds go on without it until it checks in. A running miner does that by itself.
          </p>
          <WriteButton call={calls.checkIn} label="Check in" />
        </section>
      )}
      <section className="space-y-2">
        <h3 className="font-semibold">Move its API</h3>
        <Endpoint value={endpoint} fault={fault} onChange={onEndpoint} />
        <WriteButton call={move} label="Move the miner's API" />
      </section>
      <section className="space-y-2">
        <h3 className="font-semibold">Leave</h3>
        <p className="text-sm">
          {leaving
            ? "It leaves at the end of the round, and keeps its duties until then."
            : "It leaves at the end of the running round; stake can be taken out after that."}
        </p>
        {!leaving && <WriteButton call={calls.leave} label="Leave the federation" />}
      </section>
    </div>
  );
}

/** The key that opens sealed updates stays where the miner published it (Q2). */
export function keepingKey(endpoint: string, before: string): string {
  const key = /#seal=[A-Za-z0-9_-]{43}$/.exec(before)?.[0] ?? "";
  return endpoint.includes("#") ? endpoint : `${endpoint}${key}`;
}

function Endpoint({
  value,
  fault,
  onChange,
}: {
  value: string;
  fault: string | null;
  onChange: (text: string) => void;
}) {
  return (
    <FormField
      label="Where its API answers"
      help="An address that devices and other miners can reach. May be told later."
      placeholder="https://miner.example:8650"
      value={value}
      fault={fault ?? undefined}
      onChange={onChange}
    />
  );
}

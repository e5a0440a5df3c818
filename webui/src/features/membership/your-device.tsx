import { useMemo, useState } from "react";
import { type Address as AddressText, type Hex, isHex, zeroHash } from "viem";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { FormField } from "@/components/form-field";
import type { Device, Miner } from "@/features/federation/records";
import { isSilent, standing } from "@/features/federation/selectors";
import { contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { minerAbi } from "@/generated/abi";
import { Role } from "@/generated/enums";
import { formatNumber, shorten } from "@/lib/format";
import { plural } from "@/lib/text";
import { EvidenceField, useEvidence } from "./evidence-field";
import type { Subject } from "./with-subject";

interface Props {
  subject: Subject;
  account: AddressText;
  /** Of the allow-list, where there is one. */
  root: Hex | null | undefined;
  /** The list as it was given: its CID or its text. */
  source: string;
  onSource: (source: string) => void;
}

/** The connected account as a device: where it is bound, and what it can do about it. */
export function YourDevice({ subject, account, root, source, onSource }: Props) {
  const device = subject.record.devices.get(account) ?? null;
  const miners = useMemo(() => openMiners(subject), [subject]);
  return (
    <Card title="Your device">
      {device === null || device.miner === null ? (
        <Register {...{ account, root, source, onSource, miners }} former={device} />
      ) : (
        <Bound subject={subject} device={device} contract={device.miner} miners={miners} />
      )}
    </Card>
  );
}

/** Miners that take devices: members that are not leaving. */
function openMiners({ record, state }: Subject): readonly Miner[] {
  const miners = [...record.miners.values()].map((miner) => ({ ...miner, status: standing(miner, state) }));
  return miners.filter(({ status }) => status === "member" || status === "dormant");
}

export interface Commitment {
  root: Hex;
  size: number;
  rateNs: bigint;
}

/** What `minerva device commitment` prints, as it was typed; a text says what is wrong (M4). */
export function readCommitment(root: string, size: string, rate: string): Commitment | string {
  const digest = root.trim();
  if (!isHex(digest) || digest.length !== 66 || digest === zeroHash)
    return "The data's root is 0x and 64 hex digits, not all 0.";
  if (!/^[1-9]\d{0,9}$/.test(size.trim()) || Number(size) >= 2 ** 32)
    return "The number of samples is a whole number from 1 on.";
  if (!/^[1-9]\d{0,18}$/.test(rate.trim()) || BigInt(rate) >= 2n ** 64n)
    return "The rate is a whole number of nanoseconds from 1 on.";
  return { root: digest, size: Number(size), rateNs: BigInt(rate) };
}

interface RegisterProps extends Omit<Props, "subject"> {
  miners: readonly Miner[];
  /** What it committed to when it was here before. */
  former: Device | null;
}

function Register({ account, root, source, onSource, miners, former }: RegisterProps) {
  const [values, setValues] = useState({
    root: former?.datasetRoot ?? "",
    size: former === null ? "" : String(former.datasetSize),
    rate: former === null ? "" : String(former.rateNs),
  });
  const [chosen, setChosen] = useState("");
  const evidence = useEvidence(root, account, Role.Device, source);
  const miner = miners.find(({ contract }) => contract === chosen) ?? miners[0];
  const commitment = readCommitment(values.root, values.size, values.rate);
  const call = useMemo(() => {
    if (typeof commitment === "string" || miner === undefined || evidence === null) return null;
    const args = [commitment.root, commitment.size, commitment.rateNs, evidence] as const;
    return contractCall("Register the device", miner.contract, minerAbi, "registerDevice", args);
  }, [commitment, miner, evidence]);
  const touched = values.root !== "" || values.size !== "" || values.rate !== "";
  if (miners.length === 0)
    return <p className="text-sm">No miner is there yet: a device needs one to bind to.</p>;
  return (
    <div className="space-y-2">
      <p className="text-sm">
        This account is no device here. A running device registers by itself; to do it from this wallet, give
        what the command for it below prints. Only the account that signs the updates can register.
      </p>
      <MinerChoice miners={miners} value={miner?.contract ?? ""} onChange={setChosen} />
      <FormField
        label="Root of the data"
        help="datasetRoot: commits to your data without telling it."
        value={values.root}
        onChange={(value) => setValues({ ...values, root: value as Hex })}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <FormField
          label="Samples"
          help="datasetSize"
          value={values.size}
          onChange={(size) => setValues({ ...values, size })}
        />
        <FormField
          label="Rate"
          help="rateNs: nanoseconds for a sample and epoch."
          value={values.rate}
          onChange={(rate) => setValues({ ...values, rate })}
        />
      </div>
      {root != null && (
        <EvidenceField {...{ root, account, source }} role={Role.Device} onSource={onSource} />
      )}
      {touched && typeof commitment === "string" && (
        <p role="alert" className="text-sm">
          {commitment}
        </p>
      )}
      <WriteButton call={call} label="Register the device" />
    </div>
  );
}

interface BoundProps {
  subject: Subject;
  device: Device;
  contract: AddressText;
  miners: readonly Miner[];
}

function Bound({ subject, device, contract, miners }: BoundProps) {
  const { state, config, record } = subject;
  const silent = isSilent(device, state.round, config.silentRounds);
  const calls = useMemo(
    () => ({
      checkIn: contractCall("Check in", contract, minerAbi, "checkIn", []),
      leave: contractCall("Leave the federation", contract, minerAbi, "leave", []),
    }),
    [contract],
  );
  const others = miners.filter((miner) => miner.contract !== contract);
  const miner = record.miners.get(contract);
  const gone = miner === undefined || miner.status === "left";
  return (
    <div className="space-y-4">
      <Facts
        entries={[
          ["Bound to", gone ? "a miner that is gone" : `miner ${miner.index}`],
          ["Counts from", `round ${formatNumber(device.fromRound)}`],
          ["Last seen", `round ${formatNumber(device.lastSeen)}`],
          [
            "Updates",
            `${plural(device.submitted, "update")}: ${device.accepted} accepted, ${device.refused} refused`,
          ],
        ]}
      />
      {gone && (
        <p className="text-sm">
          Nobody takes its updates: bind it to another miner
          {others.length === 0 ? ", once there is one." : ", below."}
        </p>
      )}
      {silent && !gone && (
        <section className="space-y-2">
          <p className="text-sm">It was silent for so long that rounds do not wait for it any more.</p>
          <WriteButton call={calls.checkIn} label="Check in" />
        </section>
      )}
      {others.length > 0 && <Rebind device={device} miners={others} />}
      <section className="space-y-2">
        <h3 className="font-semibold">Leave</h3>
        <p className="text-sm">An update that was submitted stays, and what it earned.</p>
        <WriteButton call={calls.leave} label="Leave the federation" />
      </section>
    </div>
  );
}

/** Binds the device to another miner; what it committed to stays the same. */
function Rebind({ device, miners }: { device: Device; miners: readonly Miner[] }) {
  const [chosen, setChosen] = useState("");
  const miner = miners.find(({ contract }) => contract === chosen) ?? miners[0];
  const call = useMemo(
    () =>
      miner === undefined
        ? null
        : contractCall("Bind to this miner", miner.contract, minerAbi, "registerDevice", [
            device.datasetRoot,
            device.datasetSize,
            device.rateNs,
            "0x",
          ]),
    [device, miner],
  );
  return (
    <section className="space-y-2">
      <h3 className="font-semibold">Bind to another miner</h3>
      <MinerChoice miners={miners} value={miner?.contract ?? ""} onChange={setChosen} />
      <WriteButton call={call} label="Bind to this miner" />
    </section>
  );
}

interface ChoiceProps {
  miners: readonly Miner[];
  value: string;
  onChange: (contract: string) => void;
}

function MinerChoice({ miners, value, onChange }: ChoiceProps) {
  return (
    <FormField
      label="Miner"
      help="It takes the updates into its pool and fetches them first. Counts from the next round."
      value={value}
      choices={miners.map((miner) => [
        miner.contract,
        `Miner ${miner.index} (${shorten(miner.owner)}), ${miner.status === "member" ? plural(miner.devices, "device") : miner.status}`,
      ])}
      onChange={onChange}
    />
  );
}

import { useMemo } from "react";
import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { Badge, type Tone } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { StrangerText } from "@/components/stranger-text";
import { formatNumber } from "@/lib/format";
import { reasonWords } from "@/lib/verdicts";
import type { Device, Federation, Miner, MinerStatus } from "./records";
import { type Masks, standing } from "./selectors";
import type { Currency } from "./use-federation-state";

const TONES: Readonly<Record<MinerStatus, Tone>> = {
  member: "good",
  dormant: "bad",
  leaving: "warn",
  left: "neutral",
};

interface Props {
  federation: Federation;
  /** As the federation's contract has it now. */
  state: Masks;
  /** What miners stake; null where they stake nothing. */
  stake: Currency | null;
  /** Whether a miner's weight is its reputation. */
  reputation: boolean;
  /** For whom rounds do not wait any more. */
  isSilent: (device: Device) => boolean;
}

/** Miners and devices, with what each did. */
export function MembersSection({ federation, state, stake, reputation, isSilent }: Props) {
  const { members, dormant, leaving } = state;
  const miners = useMemo(
    () =>
      [...federation.miners.values()]
        .map((miner) => ({ ...miner, status: standing(miner, { members, dormant, leaving }) }))
        .sort((a, b) => a.index - b.index),
    [federation.miners, members, dormant, leaving],
  );
  const devices = useMemo(() => [...federation.devices.values()], [federation.devices]);
  const names = useMemo(() => {
    const there = miners.filter(({ status }) => status !== "left");
    return new Map(there.map((miner) => [miner.contract, miner.index]));
  }, [miners]);
  const minerColumns = useMemo(() => columnsOfMiners(stake, reputation), [stake, reputation]);
  const deviceColumns = useMemo(
    () => columnsOfDevices((miner) => names.get(miner), isSilent),
    [names, isSilent],
  );
  return (
    <div className="grid grid-cols-1 gap-4">
      <Card title={`Miners (${miners.filter(({ status }) => status !== "left").length})`}>
        <DataTable
          caption="Miners"
          columns={minerColumns}
          rows={miners}
          rowKey={(miner) => miner.contract}
          empty="No miner has joined yet"
        />
      </Card>
      <Card title={`Devices (${devices.filter(({ miner }) => miner !== null).length})`}>
        <DataTable
          caption="Devices"
          columns={deviceColumns}
          rows={devices}
          rowKey={(device) => device.address}
          empty="No device has registered yet"
        />
      </Card>
    </div>
  );
}

function columnsOfMiners(stake: Currency | null, reputation: boolean): readonly Column<Miner>[] {
  return [
    { name: "No.", cell: (miner) => miner.index, right: true },
    { name: "Owner", cell: (miner) => <Address value={miner.owner} /> },
    {
      name: "Status",
      cell: (miner) => (
        <Badge tone={TONES[miner.status]}>
          {miner.expelled ? `${miner.status}, expelled` : miner.status}
        </Badge>
      ),
    },
    {
      name: reputation ? "Reputation" : "Weight",
      cell: ({ weight }) => (weight === null ? (reputation ? "–" : "1") : formatNumber(weight)),
      right: true,
    },
    { name: "Devices", cell: (miner) => formatNumber(miner.devices), right: true },
    { name: "Ballots", cell: (miner) => formatNumber(miner.votes), right: true },
    { name: "Absences", cell: (miner) => formatNumber(miner.absences), right: true },
    {
      name: "Blocks",
      cell: (miner) => `${formatNumber(miner.mined)} of ${formatNumber(miner.proposed)} proposed`,
      right: true,
    },
    {
      name: "Stake",
      cell: (miner) => (stake === null ? "none" : <Amount value={miner.bonded} currency={stake} />),
      right: true,
    },
    { name: "Endpoint", cell: (miner) => <StrangerText value={miner.endpoint} most={60} none="none" /> },
  ];
}

function columnsOfDevices(
  minerIndex: (contract: Device["miner"] & string) => number | undefined,
  isSilent: Props["isSilent"],
): readonly Column<Device>[] {
  return [
    { name: "Device", cell: (device) => <Address value={device.address} /> },
    {
      name: "Status",
      cell: (device) => {
        const { miner } = device;
        if (miner === null) return <Badge>left</Badge>;
        const index = minerIndex(miner);
        if (index === undefined) return <Badge tone="warn">its miner is gone</Badge>;
        return isSilent(device) ? (
          <Badge tone="warn">with miner {index}, silent: rounds do not wait for it</Badge>
        ) : (
          <Badge tone="good">with miner {index}</Badge>
        );
      },
    },
    { name: "From round", cell: (device) => formatNumber(device.fromRound), right: true },
    { name: "Samples", cell: (device) => formatNumber(device.datasetSize), right: true },
    { name: "Last seen", cell: (device) => `round ${formatNumber(device.lastSeen)}`, right: true },
    { name: "Submitted", cell: (device) => formatNumber(device.submitted), right: true },
    { name: "Accepted", cell: (device) => formatNumber(device.accepted), right: true },
    { name: "Refused", cell: (device) => formatNumber(device.refused), right: true },
    {
      name: "Last refusal",
      cell: ({ lastRefusal }) =>
        lastRefusal === null ? "none" : `round ${lastRefusal.round}: ${reasonWords(lastRefusal.reason)}`,
    },
  ];
}

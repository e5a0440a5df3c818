import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { PageHeading } from "@/components/page-heading";
import { Time } from "@/components/time";
import { useChainStatus, useRuntime } from "@/features/chain/context";
import { formatNumber } from "@/lib/format";
import { SettingsForm } from "./settings-form";
import { useBlockTime } from "./use-block-time";

/** The chain, the contracts, and what this browser is set to. */
export default function NetworkPage() {
  const { network } = useRuntime();
  const { head, reach } = useChainStatus();
  const blockTime = useBlockTime();
  const contracts = [
    ["Factory", network.factory] as const,
    ...Object.entries(network.consensus).map(([name, address]) => [`Consensus ${name}`, address] as const),
    ...Object.entries(network.policies).map(([name, address]) => [`Policy ${name}`, address] as const),
  ];
  return (
    <div className="space-y-4">
      <PageHeading title="Network" />
      <Card title="Chain">
        <Facts
          entries={[
            ["Name", network.name],
            ["Chain id", String(network.chainId)],
            ["Newest block", head === null ? "…" : formatNumber(head.number)],
            ["Its time", head === null ? "…" : <Time key="time" value={head.time} absolute />],
            [
              "Time from block to block",
              blockTime === null ? "…" : `${formatNumber(blockTime, 1)} s, as mean of the last few`,
            ],
            [
              "Read by",
              reach === "live" ? "WebSocket" : reach === "polling" ? "polling" : "nothing at present",
            ],
            ["RPC", network.rpc],
            ["WebSocket", network.ws || "none"],
            ["IPFS gateway", network.gateway],
          ]}
        />
      </Card>
      <Card title="Contracts">
        <Facts
          entries={contracts.map(
            ([name, address]) => [name, <Address key={name} value={address} full />] as const,
          )}
        />
      </Card>
      <Card title="Settings of this browser">
        <SettingsForm />
      </Card>
    </div>
  );
}

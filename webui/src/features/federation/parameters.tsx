import type { ReactNode } from "react";
import { zeroAddress } from "viem";
import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { StrangerText } from "@/components/stranger-text";
import { useRuntime } from "@/features/chain/context";
import type { Manifest } from "@/features/content/manifest";
import { cidText } from "@/lib/cid";
import { formatBytes, formatDuration, formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/runtime";
import type { FederationConfig } from "./use-federation-state";

interface Props {
  config: FederationConfig;
  manifest: Manifest | null;
  /** Why the manifest is not there. */
  failed: string | null;
}

/** What the federation was created with. */
export function Parameters({ config, manifest, failed }: Props) {
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Card title="Task">
        {manifest === null && (
          <p className="mb-3 text-sm">
            {failed === null ? "Reading the manifest…" : `The manifest is not to be had: ${failed}.`}
          </p>
        )}
        <Facts
          entries={[
            ...(manifest === null ? [] : taskFacts(manifest)),
            ["Manifest", <Hash key="manifest" value={cidText(config.manifest)} what="CID" />],
            ["Genesis model", <Hash key="model" value={cidText(config.model)} what="CID" />],
          ]}
        />
      </Card>
      <Card title="Parameters">
        <ConfigFacts config={config} />
      </Card>
    </div>
  );
}

function taskFacts(manifest: Manifest): readonly (readonly [string, ReactNode])[] {
  const text = (value: string) => <StrangerText key={value} value={value} most={400} />;
  return [
    ["Task", text(manifest.task)],
    ["Inputs", text(manifest.inputs)],
    ["Labels", text(manifest.labels)],
    ["Aggregation", text(manifest.aggregation)],
    ["Evaluation", text(manifest.evaluation)],
    ["Tensors", formatNumber(manifest.tensorCount)],
    ["Confidential", manifest.confidential ? "yes: updates are sealed to the round's miners" : "no"],
  ];
}

function ConfigFacts({ config }: { config: FederationConfig }) {
  const { network } = useRuntime();
  const { rewards, stake } = config;
  return (
    <Facts
      entries={[
        ["Rounds", formatNumber(config.rounds)],
        [
          "Consensus",
          <Named key="c" name={nameOf(network.consensus, config.consensus)} address={config.consensus} />,
        ],
        [
          "Who may join",
          config.policy === zeroAddress ? (
            "anyone"
          ) : (
            <Named key="p" name={nameOf(network.policies, config.policy)} address={config.policy} />
          ),
        ],
        ["Miners", `${config.minMiners} to ${config.maxMiners}`],
        ["Devices", `${formatNumber(config.minDevices)} to ${formatNumber(config.maxDevices)}`],
        ["Updates a round needs", formatNumber(config.minUpdates)],
        ["Training", formatDuration(config.trainingSeconds)],
        ["Verification", formatDuration(config.verificationSeconds)],
        ["Mining", formatDuration(config.miningSeconds)],
        ["Attestation", formatDuration(config.attestationSeconds)],
        ["Extensions of a phase", formatNumber(config.maxExtensions)],
        ["Largest model", formatBytes(config.maxModelBytes)],
        [
          "Rewards a round",
          rewards === null ? (
            "none"
          ) : (
            <Amount key="r" value={rewards.terms.perRound} currency={rewards.currency} />
          ),
        ],
        [
          "Least stake",
          stake === null ? "none" : <Amount key="s" value={stake.terms.minimum} currency={stake.currency} />,
        ],
      ]}
    />
  );
}

function Named({ name, address }: { name: string | null; address: string }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      {name} <Address value={address} />
    </span>
  );
}

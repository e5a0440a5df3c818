import type { ReactNode } from "react";
import { zeroAddress } from "viem";
import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { StrangerText } from "@/components/stranger-text";
import { useRuntime } from "@/features/chain/context";
import type { Manifest } from "@/features/content/manifest";
import { cidText } from "@/lib/cid";
import { formatBytes, formatDuration, formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/runtime";
import { rewardFacts, stakeFacts } from "./terms";
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

/** What the manifest says, all of it a stranger's text. */
export function taskFacts(manifest: Manifest): readonly (readonly [string, ReactNode])[] {
  const text = (value: string) => <StrangerText key={value} value={value} most={400} />;
  return [
    ["Task", text(manifest.task)],
    ["Inputs", text(manifest.inputs)],
    ["Labels", text(manifest.labels)],
    ["Aggregation", text(manifest.aggregation)],
    ["Evaluation", text(manifest.evaluation)],
    ["Tensors", formatNumber(manifest.tensorCount)],
    ["Confidential", manifest.confidential ? "yes: updates are sealed to the round's miners" : "no"],
    ["Hyperparameters", <Pairs key="h" entries={manifest.hyperparameters} />],
    ["Rules", <Pairs key="r" entries={manifest.rules} />],
    ["SHA-256 of the code", text(manifest.codeSha256)],
  ];
}

/** Names and values that a stranger wrote. */
function Pairs({ entries }: { entries: Manifest["rules"] }) {
  if (entries.length === 0) return "none";
  return (
    <ul>
      {entries.map(([name, value]) => (
        <li key={`${name}: ${value}`}>
          <StrangerText value={`${name}: ${value}`} most={280} />
        </li>
      ))}
    </ul>
  );
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
        ["Devices that may join in a round", formatNumber(config.maxJoins)],
        ["Rounds a device may be silent", formatNumber(config.silentRounds)],
        ["Training", formatDuration(config.trainingSeconds)],
        ["Verification", formatDuration(config.verificationSeconds)],
        ["Of it, to fetch an update", formatDuration(config.fetchSeconds)],
        ["Mining", formatDuration(config.miningSeconds)],
        ["Attestation", formatDuration(config.attestationSeconds)],
        ["Extensions of a phase", formatNumber(config.maxExtensions)],
        ["Candidates in a round", formatNumber(config.maxCandidates)],
        ["Pauses, all together", formatDuration(config.maxPauseSeconds)],
        ["Confirmations", formatNumber(config.confirmations)],
        ["Largest model", formatBytes(config.maxModelBytes)],
        ...rewardFacts(rewards),
        ...stakeFacts(stake),
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

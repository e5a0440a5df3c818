import { useMemo, useState } from "react";
import type { Address } from "viem";
import { useRuntime } from "@/features/chain/context";
import { faultsOf } from "@/features/create/check";
import { type Draft, USUAL } from "@/features/create/draft";
import { moduleOf } from "@/features/create/encode";
import { CONSENSUS_FIELDS } from "@/features/create/fields-rounds";
import { StepFields } from "@/features/create/step-fields";
import type { Subject } from "@/features/membership/with-subject";
import { contractCall } from "@/features/wallet/call";
import { federationAbi } from "@/generated/abi";
import { shorten } from "@/lib/format";
import { nameOf } from "@/lib/runtime";
import { Action, ActionButton } from "./action";
import type { Permission } from "./permissions";

const KEYS = new Set(CONSENSUS_FIELDS.map(({ key }) => key));

/** Another consensus module, announced a round ahead. */
export function ConsensusAction({ subject, may }: { subject: Subject; may: Permission }) {
  const { network } = useRuntime();
  const { address, config, record, state } = subject;
  const [draft, setDraft] = useState<Draft>({ ...USUAL, consensus: "por" });
  const faults = useMemo(() => {
    const place = {
      modules: network.consensus,
      policies: {},
      stakeDecimals: 18,
      rewardDecimals: 18,
      task: null,
    };
    const found = Object.entries(faultsOf(draft, place)).filter(([key]) => KEYS.has(key));
    if (draft.consensus === "pos" && config.stake === null)
      found.push(["consensus", "Proof of stake needs a federation whose miners stake."]);
    return Object.fromEntries(found);
  }, [draft, network.consensus, config.stake]);
  const call = useMemo(() => {
    if (Object.keys(faults).length > 0) return null;
    const { consensus, consensusParameters } = moduleOf(draft, network.consensus);
    const args = [consensus, consensusParameters] as const;
    return contractCall("Announce the change", address, federationAbi, "changeConsensus", args);
  }, [faults, draft, network.consensus, address]);
  const wordOf = (module: Address) => nameOf(network.consensus, module) ?? shorten(module);
  const last = record.consensusChanges.at(-1);
  return (
    <Action
      title="Consensus"
      may={may}
      what={
        <>
          Now: {record.module === null ? wordOf(config.consensus) : wordOf(record.module)}.{" "}
          {last?.kind === "announced" && `Announced: ${wordOf(last.module)}, from round ${last.round} on. `}
          {last?.kind === "failed" &&
            `The last change, to ${wordOf(last.module)}, failed: the module refused. `}
          Another module is announced, and decides from round {state.round + 2} on, so that miners can
          prepare.
        </>
      }
    >
      <StepFields
        fields={CONSENSUS_FIELDS}
        draft={draft}
        faults={faults}
        currencies={{ stake: null, reward: null }}
        set={(key, value) => setDraft((before) => ({ ...before, [key]: value }))}
      />
      <ActionButton may={may} call={call} label="Announce the change" />
    </Action>
  );
}

import { useCallback } from "react";
import { Address } from "@/components/address";
import { Loading } from "@/components/loading";
import { StatusBadge } from "@/components/status-badge";
import { useRuntime } from "@/features/chain/context";
import { useManifest } from "@/features/content/use-content";
import { ResultsSection } from "@/features/results/results-section";
import { usePatience } from "@/hooks/use-patience";
import type { PageProps } from "@/routes";
import { FederationHeader } from "./federation-header";
import { LossSection } from "./loss-section";
import { MembersSection } from "./members-section";
import { MoneySection } from "./money-section";
import { Parameters } from "./parameters";
import { ReadingNote } from "./reading-note";
import type { Device } from "./records";
import { RoundsSection } from "./rounds-section";
import { currentRound, expectedUpdates, isSilent } from "./selectors";
import { Timeline } from "./timeline";
import { UpdatesSection } from "./updates-section";
import { useFederationState } from "./use-federation-state";
import { type FederationView, WithFederation } from "./with-federation";

/** One federation, live: where it is, what happened, who takes part. */
export default function FederationPage({ route }: PageProps) {
  return <WithFederation address={route.parts[1] ?? ""}>{(view) => <Shown view={view} />}</WithFederation>;
}

function Shown({ view: { record, config, complete, progress } }: { view: FederationView }) {
  const { address } = record;
  const state = useFederationState(address).data;
  const manifest = useManifest(config.manifest);
  const named = usePatience(!manifest.isPending);
  const { network } = useRuntime();
  const now = state?.round ?? 0;
  const silent = useCallback(
    (device: Device) => isSilent(device, now, config.silentRounds),
    [now, config.silentRounds],
  );
  if (state === undefined || !named) return <Loading label="Reading the federation" lines={14} />;
  const round = currentRound(record);
  return (
    <div className="space-y-4">
      <FederationHeader
        address={address}
        config={config}
        current="federation"
        aside={<StatusBadge status={state.status} />}
      >
        <p className="flex flex-wrap items-center gap-x-4 text-sm">
          <Address value={address} />
          <span className="inline-flex items-center gap-1.5">
            requested by <Address value={config.requester} />
          </span>
        </p>
      </FederationHeader>
      <ReadingNote complete={complete} progress={progress} />
      <Timeline
        address={address}
        state={state}
        config={config}
        submitted={round?.updates.length ?? 0}
        money={record.money}
      />
      <UpdatesSection round={round} expected={expectedUpdates(record)} />
      <ResultsSection address={address} rounds={record.rounds} />
      <LossSection rounds={record.rounds} evaluation={manifest.data?.evaluation ?? ""} />
      <RoundsSection rounds={record.rounds} address={address} />
      <MembersSection
        federation={record}
        state={state}
        stake={config.stake?.currency ?? null}
        reputation={record.module !== null && record.module === network.consensus.por}
        isSilent={silent}
      />
      <MoneySection money={record.money} config={config} />
      <Parameters config={config} manifest={manifest.data ?? null} failed={manifest.error?.message ?? null} />
    </div>
  );
}

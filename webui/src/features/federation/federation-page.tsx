import { Address } from "@/components/address";
import { Badge } from "@/components/badge";
import { Loading } from "@/components/loading";
import { StatusBadge } from "@/components/status-badge";
import { StrangerText } from "@/components/stranger-text";
import { useManifest } from "@/features/content/use-content";
import { TakePart } from "@/features/membership/take-part";
import { ResultsSection } from "@/features/results/results-section";
import { formatPercent } from "@/lib/format";
import type { PageProps } from "@/routes";
import { LossSection } from "./loss-section";
import { MembersSection } from "./members-section";
import { MoneySection } from "./money-section";
import { Parameters } from "./parameters";
import { RoundsSection } from "./rounds-section";
import { currentRound } from "./selectors";
import { Timeline } from "./timeline";
import { UpdatesSection } from "./updates-section";
import { useFederationState } from "./use-federation-state";
import { type FederationView, FederationViews, WithFederation } from "./with-federation";

/** One federation, live: where it is, what happened, who takes part. */
export default function FederationPage({ route }: PageProps) {
  return <WithFederation address={route.parts[1] ?? ""}>{(view) => <Shown view={view} />}</WithFederation>;
}

function Shown({ view: { record, config, complete, progress } }: { view: FederationView }) {
  const { address } = record;
  const state = useFederationState(address).data;
  const manifest = useManifest(config.manifest);
  if (state === undefined) return <Loading label="Reading the federation" lines={14} />;
  const round = currentRound(record);
  return (
    <div className="space-y-4">
      <header className="space-y-2">
        <FederationViews address={address} current="federation" />
        <div className="flex flex-wrap items-center gap-3">
          <h1 className="min-h-8 font-bold text-2xl">
            <StrangerText value={manifest.data?.title} most={80} none="Federation" />
          </h1>
          <StatusBadge status={state.status} />
          {!complete && <Badge tone="busy">reading events: {formatPercent(progress, 0)}</Badge>}
        </div>
        <p className="flex flex-wrap items-center gap-x-4 text-sm">
          <Address value={address} /> <span>requested by</span> <Address value={config.requester} />
        </p>
        <TakePart federation={address} />
      </header>
      <Timeline
        address={address}
        state={state}
        config={config}
        submitted={round?.updates.length ?? 0}
        money={record.money}
      />
      <UpdatesSection round={round} />
      <ResultsSection address={address} rounds={record.rounds} />
      <LossSection rounds={record.rounds} evaluation={manifest.data?.evaluation ?? ""} />
      <RoundsSection rounds={record.rounds} address={address} />
      <MembersSection federation={record} stake={config.stake?.currency ?? null} />
      <MoneySection money={record.money} config={config} />
      <Parameters config={config} manifest={manifest.data ?? null} failed={manifest.error?.message ?? null} />
    </div>
  );
}

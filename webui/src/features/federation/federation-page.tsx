import { Address } from "@/components/address";
import { ErrorNote } from "@/components/error-note";
import { Loading } from "@/components/loading";
import { Missing } from "@/components/missing";
import { StatusBadge } from "@/components/status-badge";
import { useManifest } from "@/features/content/use-content";
import { usePatience } from "@/hooks/use-patience";
import type { PageProps } from "@/routes";
import { FederationHeader } from "./federation-header";
import { LossSection } from "./loss-section";
import { MembersSection } from "./members-section";
import { MoneySection } from "./money-section";
import { Parameters } from "./parameters";
import { ReadingNote } from "./reading-note";
import { RoundsSection } from "./rounds-section";
import { currentRound } from "./selectors";
import { Timeline } from "./timeline";
import { UpdatesSection } from "./updates-section";
import { addressOf, useFederation } from "./use-federation";
import { useFederationConfig, useFederationState } from "./use-federation-state";

/** One federation, live: where it is, what happened, who takes part. */
export default function FederationPage({ route }: PageProps) {
  const text = route.parts[1] ?? "";
  const feed = useFederation(text);
  const address = feed.unknown ? null : addressOf(text);
  const state = useFederationState(feed.entry?.address ?? null).data;
  const config = useFederationConfig(feed.entry?.address ?? null).data;
  const manifest = useManifest(config?.manifest ?? null);
  const named = usePatience(config !== undefined && !manifest.isPending);
  if (feed.unknown || address === null) {
    return (
      <Missing
        name="Federation not found"
        title="The factory knows no federation at this address"
        hint="The page Federations has all of them."
      />
    );
  }
  const { record } = feed;
  if (record === null || state === undefined || config === undefined || !named) {
    return feed.error === null ? (
      <Loading label="Reading the federation" lines={14} />
    ) : (
      <ErrorNote problem={{ title: "The federation cannot be read", cure: feed.error }} />
    );
  }
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
      <ReadingNote complete={feed.complete} progress={feed.progress} />
      <Timeline
        address={address}
        state={state}
        config={config}
        submitted={round?.updates.length ?? 0}
        money={record.money}
      />
      <UpdatesSection round={round} />
      <LossSection rounds={record.rounds} evaluation={manifest.data?.evaluation ?? ""} />
      <RoundsSection rounds={record.rounds} address={address} />
      <MembersSection federation={record} stake={config.stake?.currency ?? null} />
      <MoneySection money={record.money} config={config} />
      <Parameters config={config} manifest={manifest.data ?? null} failed={manifest.error?.message ?? null} />
    </div>
  );
}

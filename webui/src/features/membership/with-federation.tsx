import type { ReactNode } from "react";
import type { Address as AddressText } from "viem";
import { ErrorNote } from "@/components/error-note";
import { Loading } from "@/components/loading";
import { Missing } from "@/components/missing";
import { StatusBadge } from "@/components/status-badge";
import type { Manifest } from "@/features/content/manifest";
import { useManifest } from "@/features/content/use-content";
import { FederationHeader } from "@/features/federation/federation-header";
import { ReadingNote } from "@/features/federation/reading-note";
import type { Federation } from "@/features/federation/records";
import { addressOf, useFederation } from "@/features/federation/use-federation";
import {
  type FederationConfig,
  type FederationState,
  useFederationConfig,
  useFederationState,
} from "@/features/federation/use-federation-state";
import { usePatience } from "@/hooks/use-patience";

/** All that a page knows of the federation that it acts in. */
export interface Subject {
  address: AddressText;
  record: Federation;
  state: FederationState;
  config: FederationConfig;
  /** Null while it is read, and where it is not to be had. */
  manifest: Manifest | null;
  /** Whether all events were read. */
  complete: boolean;
}

interface Props {
  /** The address as it stands in the page's path: a stranger's text. */
  text: string;
  current: "participate" | "admin";
  heading: string;
  children: (subject: Subject) => ReactNode;
}

/** A page's frame: the federation's name, and what to say while it is not there. */
export function WithFederation({ text, current, heading, children }: Props) {
  const feed = useFederation(text);
  const address = feed.unknown ? null : addressOf(text);
  const state = useFederationState(feed.entry?.address ?? null).data;
  const config = useFederationConfig(feed.entry?.address ?? null).data;
  const { data: manifest = null, isPending } = useManifest(config?.manifest ?? null);
  const named = usePatience(config !== undefined && !isPending);
  if (feed.unknown || address === null) {
    return (
      <Missing
        name="Federation not found"
        title="The factory knows no federation at this address"
        hint="The page Federations has all of them."
      />
    );
  }
  const { record, complete } = feed;
  if (record === null || state === undefined || config === undefined || !named) {
    return feed.error === null ? (
      <Loading label="Reading the federation" lines={14} />
    ) : (
      <ErrorNote problem={{ title: "The federation cannot be read", cure: feed.error }} />
    );
  }
  return (
    <div className="space-y-4">
      <FederationHeader
        address={address}
        config={config}
        current={current}
        heading={heading}
        aside={<StatusBadge status={state.status} />}
      />
      <ReadingNote complete={complete} progress={feed.progress} />
      {children({ address, record, state, config, manifest, complete })}
    </div>
  );
}

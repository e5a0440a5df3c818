import type { ReactNode } from "react";
import { ErrorNote } from "@/components/error-note";
import { Loading } from "@/components/loading";
import { Missing } from "@/components/missing";
import { usePatience } from "@/hooks/use-patience";
import { explain } from "@/lib/errors";
import type { Federation } from "./records";
import { useFederation } from "./use-federation";
import { type FederationConfig, useFederationConfig } from "./use-federation-state";

export interface FederationView {
  record: Federation;
  config: FederationConfig;
  /** Whether all events up to the chain's head are in. */
  complete: boolean;
  /** How much of the chain is read, 0 to 1. */
  progress: number;
}

interface Props {
  /** As it stands in the page's address: a stranger's text. */
  address: string;
  children: (view: FederationView) => ReactNode;
}

/** What a page of one federation shows, once its events and its configuration are there. */
export function WithFederation({ address, children }: Props) {
  const feed = useFederation(address);
  const config = useFederationConfig(feed.entry?.address ?? null);
  if (feed.unknown) {
    return (
      <Missing
        name="Federation not found"
        title="The factory knows no federation at this address"
        hint="The page Federations has all of them."
      />
    );
  }
  if (feed.record === null || config.data === undefined) {
    if (feed.error !== null)
      return <ErrorNote problem={{ title: "The federation cannot be read", cure: feed.error }} />;
    if (config.error !== null)
      return <ErrorNote problem={explain(config.error)} onRetry={() => void config.refetch()} />;
    return <Loading label="Reading the federation" lines={14} />;
  }
  const { record, complete, progress } = feed;
  return <Whole view={{ record, config: config.data, complete, progress }}>{children}</Whole>;
}

/** Not shown while little of it is read, lest it grows before the reader's eyes; what takes long is shown as it comes. */
function Whole({ view, children }: { view: FederationView; children: Props["children"] }) {
  const read = usePatience(view.complete);
  return read ? children(view) : <Loading label="Reading the federation" lines={14} />;
}

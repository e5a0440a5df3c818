import type { ReactNode } from "react";
import { EmptyState } from "@/components/empty-state";
import { ErrorNote } from "@/components/error-note";
import { Loading } from "@/components/loading";
import { href } from "@/hooks/use-route";
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
      <EmptyState
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
  return children({ record, config: config.data, complete, progress });
}

const VIEWS = [
  ["federation", "Overview"],
  ["chain", "Chain"],
  ["model", "Model"],
] as const;

/** From one page of a federation to the others. */
export function FederationViews({ address, current }: { address: string; current: string }) {
  return (
    <nav aria-label="Pages of this federation" className="flex flex-wrap gap-1">
      {VIEWS.map(([path, name]) => (
        <a
          key={path}
          href={href(path, address)}
          aria-current={path === current ? "page" : undefined}
          className={`btn btn-sm ${path === current ? "btn-active" : "btn-ghost"}`}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}

import type { ReactNode } from "react";
import type { Address as AddressText } from "viem";
import { Loading } from "@/components/loading";
import { StatusBadge } from "@/components/status-badge";
import type { Manifest } from "@/features/content/manifest";
import { useManifest } from "@/features/content/use-content";
import { FederationHeader } from "@/features/federation/federation-header";
import { ReadingNote } from "@/features/federation/reading-note";
import type { Federation } from "@/features/federation/records";
import {
  type FederationConfig,
  type FederationState,
  useFederationState,
} from "@/features/federation/use-federation-state";
import { type FederationView, WithFederation } from "@/features/federation/with-federation";
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

/** The frame of a page that acts: the federation's name, and what to say while it is not there. */
export function WithSubject({ text, ...frame }: Props) {
  return <WithFederation address={text}>{(view) => <Framed view={view} {...frame} />}</WithFederation>;
}

function Framed({ view, current, heading, children }: Omit<Props, "text"> & { view: FederationView }) {
  const { record, config, complete, progress } = view;
  const { address } = record;
  const state = useFederationState(address).data;
  const { data: manifest = null, isPending } = useManifest(config.manifest);
  const named = usePatience(!isPending);
  if (state === undefined || !named) return <Loading label="Reading the federation" lines={14} />;
  return (
    <div className="space-y-4">
      <FederationHeader
        address={address}
        config={config}
        current={current}
        heading={heading}
        aside={<StatusBadge status={state.status} />}
      />
      <ReadingNote complete={complete} progress={progress} />
      {children({ address, record, state, config, manifest, complete })}
    </div>
  );
}

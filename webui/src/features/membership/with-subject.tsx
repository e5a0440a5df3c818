import type { ReactNode } from "react";
import type { Address as AddressText } from "viem";
import { Address } from "@/components/address";
import { Loading } from "@/components/loading";
import { StatusBadge } from "@/components/status-badge";
import { StrangerText } from "@/components/stranger-text";
import type { Manifest } from "@/features/content/manifest";
import { useManifest } from "@/features/content/use-content";
import type { Federation } from "@/features/federation/records";
import {
  type FederationConfig,
  type FederationState,
  useFederationState,
} from "@/features/federation/use-federation-state";
import { type FederationView, WithFederation } from "@/features/federation/with-federation";
import { TakePart } from "./take-part";

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
  /** What the page is for, after the federation's title. */
  purpose: string;
  children: (subject: Subject) => ReactNode;
}

/** The frame of a page that acts: the federation's name, and what to say while it is not there. */
export function WithSubject({ text, purpose, children }: Props) {
  return (
    <WithFederation address={text}>
      {(view) => (
        <Framed view={view} purpose={purpose}>
          {children}
        </Framed>
      )}
    </WithFederation>
  );
}

function Framed({ view, purpose, children }: Omit<Props, "text"> & { view: FederationView }) {
  const { record, config, complete } = view;
  const { address } = record;
  const state = useFederationState(address).data;
  const manifest = useManifest(config.manifest).data ?? null;
  if (state === undefined) return <Loading label="Reading the federation" lines={14} />;
  return (
    <div className="space-y-4">
      <header className="space-y-1">
        <div className="flex flex-wrap items-center gap-3">
          <h1 className="min-h-8 font-bold text-2xl">
            {purpose}: <StrangerText value={manifest?.title} most={80} none="Federation" />
          </h1>
          <StatusBadge status={state.status} />
        </div>
        <Address value={address} />
        <TakePart federation={address} />
      </header>
      {children({ address, record, state, config, manifest, complete })}
    </div>
  );
}

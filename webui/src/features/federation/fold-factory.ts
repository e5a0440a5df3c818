import type { Address } from "viem";
import type { ChainEvent } from "@/features/chain/events";
import type { Fold } from "@/features/chain/feed";
import type { Cid } from "@/lib/cid";
import { momentOf } from "./fold";
import type { Moment } from "./records";

/** A federation as the factory tells of it. */
export interface FederationEntry {
  address: Address;
  requester: Address;
  manifest: Cid;
  created: Moment;
}

export class FederationsFold implements Fold<readonly FederationEntry[]> {
  private readonly entries: FederationEntry[] = [];
  private told: readonly FederationEntry[] = [];

  apply(event: ChainEvent): void {
    if (event.name !== "FederationCreated") return;
    const { federation, requester, manifestDigest, manifestCodec } = event.args;
    const manifest = { digest: manifestDigest, codec: manifestCodec };
    this.entries.push({ address: federation, requester, manifest, created: momentOf(event) });
  }

  snapshot(): readonly FederationEntry[] {
    if (this.told.length < this.entries.length) this.told = [...this.entries];
    return this.told;
  }
}

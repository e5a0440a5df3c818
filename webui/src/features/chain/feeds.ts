// The feeds of this page: one for the factory, one for each federation that somebody looked at.
import type { Address } from "viem";
import { FederationFold } from "@/features/federation/fold";
import { type FederationEntry, FederationsFold } from "@/features/federation/fold-factory";
import type { Federation } from "@/features/federation/records";
import { Feed } from "./feed";
import type { ChainSession } from "./session";
import { FactorySource, FederationSource } from "./source";

export class Feeds {
  readonly federations: Feed<readonly FederationEntry[]>;
  /** By address and first block: on another branch of the chain the same address may be created in another block. */
  private readonly byPlace = new Map<string, Feed<Federation>>();

  constructor(private readonly session: ChainSession) {
    const { client, network } = session;
    this.federations = new Feed({
      session,
      scope: this.scope(network.factory),
      first: network.block,
      source: () => new FactorySource(client, network.factory),
      fold: () => new FederationsFold(),
    });
  }

  /** The record of a federation, whose first block was `first`. */
  federation(address: Address, first: number): Feed<Federation> {
    const { session } = this;
    const place = `${address}:${first}`;
    const known = this.byPlace.get(place);
    if (known !== undefined) return known;
    const feed = new Feed<Federation>({
      session,
      scope: this.scope(address),
      first,
      source: () => new FederationSource(session.client, session.network, address),
      fold: () => new FederationFold(address, session.network.consensus),
    });
    this.byPlace.set(place, feed);
    return feed;
  }

  private scope(address: Address): string {
    return `${this.session.network.chainId}/${address.toLowerCase()}`;
  }
}

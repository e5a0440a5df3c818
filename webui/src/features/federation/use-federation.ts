import { useMemo, useSyncExternalStore } from "react";
import { type Address, getAddress, isAddress } from "viem";
import { useFeeds } from "@/features/chain/context";
import type { FeedState } from "@/features/chain/feed";
import type { FederationEntry } from "./fold-factory";
import type { Federation } from "./records";

const NOTHING: FeedState<Federation> = { record: null, complete: false, progress: 0, error: null };
const silent = () => () => undefined;
const nothing = () => NOTHING;

/** The federations of the factory, oldest first, as they are created. */
export function useFederations(): FeedState<readonly FederationEntry[]> {
  const { federations } = useFeeds();
  return useSyncExternalStore(federations.subscribe, federations.snapshot);
}

export interface FederationFeed extends FeedState<Federation> {
  /** Null while the factory's list is read, and where it has no such federation. */
  entry: FederationEntry | null;
  /** The factory created no federation at this address. */
  unknown: boolean;
}

/** What a federation's events amount to, live. The address is a stranger's text. */
export function useFederation(address: string): FederationFeed {
  const feeds = useFeeds();
  const list = useFederations();
  const at = useMemo(() => addressOf(address), [address]);
  const entry = useMemo(() => list.record?.find((known) => known.address === at) ?? null, [list.record, at]);
  const first = entry?.created.block;
  const feed = at === null || first === undefined ? null : feeds.federation(at, first);
  const state = useSyncExternalStore(feed?.subscribe ?? silent, feed?.snapshot ?? nothing);
  const unknown = at === null || (list.complete && entry === null);
  return { ...state, error: state.error ?? list.error, entry, unknown };
}

export function addressOf(text: string): Address | null {
  return isAddress(text, { strict: false }) ? getAddress(text) : null;
}

import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";
import type { Runtime } from "@/lib/runtime";
import { Feeds } from "./feeds";
import type { ChainSession, ChainStatus } from "./session";

interface Place {
  runtime: Runtime;
  session: ChainSession;
  feeds: Feeds;
}

const Context = createContext<Place | null>(null);

interface Props {
  runtime: Runtime;
  session: ChainSession;
  children: ReactNode;
}

export function ChainProvider({ runtime, session, children }: Props) {
  const place = useMemo(() => ({ runtime, session, feeds: new Feeds(session) }), [runtime, session]);
  return <Context value={place}>{children}</Context>;
}

function usePlace(): Place {
  const place = useContext(Context);
  if (place === null) throw new Error("outside of ChainProvider");
  return place;
}

/** The network and the user's settings. */
export function useRuntime(): Runtime {
  return usePlace().runtime;
}

export function useSession(): ChainSession {
  return usePlace().session;
}

/** The records that events make, one for each federation. */
export function useFeeds(): Feeds {
  return usePlace().feeds;
}

/** Whether the chain answers, its newest block, and whether it was started anew. */
export function useChainStatus(): ChainStatus {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

import { useEffect, useState } from "react";
import { ErrorNote } from "@/components/error-note";
import { href } from "@/hooks/use-route";
import { useChainStatus, useRuntime, useSession } from "./context";

const PATIENCE_MS = 3_000;

/** What somebody must know of the chain before they believe the page. */
export function ChainNotice() {
  const { network } = useRuntime();
  const session = useSession();
  const { reach, otherChain, restarted } = useChainStatus();
  const gone = useLasting(reach === "gone", PATIENCE_MS);
  if (otherChain !== null) {
    const title = `The RPC is of chain ${otherChain}, this page of chain ${network.chainId}`;
    return <Notice problem={{ title, cure: "Set another RPC on the page Network." }} />;
  }
  if (gone) {
    const cure =
      "What is shown is as of the last block that was read; the page goes on by itself once it answers.";
    return (
      <Notice
        problem={{ title: `The chain does not answer at ${network.rpc}`, cure }}
        onRetry={() => void session.refresh()}
      />
    );
  }
  if (!restarted) return null;
  return (
    <div role="alert" className="alert alert-warning alert-soft mb-4 text-base-content">
      <p className="flex-1">
        <strong>This chain was started anew.</strong> What was kept of the former one is gone from this
        browser. Clear your wallet's activity data for this network too (MetaMask: Settings, Advanced, Clear
        activity tab data): it counts transactions by the old chain.{" "}
        <a className="link" href={href("network")}>
          Network
        </a>
      </p>
      <button type="button" className="btn btn-sm" onClick={session.acknowledge}>
        Understood
      </button>
    </div>
  );
}

function Notice(props: Parameters<typeof ErrorNote>[0]) {
  return (
    <div className="mb-4">
      <ErrorNote {...props} />
    </div>
  );
}

/** Whether something has been so for a while. */
function useLasting(now: boolean, forMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!now) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), forMs);
    return () => clearTimeout(timer);
  }, [now, forMs]);
  return lasting;
}

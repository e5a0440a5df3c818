import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useChainStatus } from "./context";

/** What could not be read while the chain did not answer is read once it answers again. */
export function useRecovery(): void {
  const queries = useQueryClient();
  const { reach } = useChainStatus();
  const gone = useRef(false);
  useEffect(() => {
    if (gone.current && reach !== "gone") {
      void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
    }
    gone.current = reach === "gone";
  }, [queries, reach]);
}

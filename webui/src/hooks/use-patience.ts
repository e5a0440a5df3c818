import { useEffect, useState } from "react";

const PATIENCE_MS = 2_000;

/** Whether something is ready, or was waited for long enough: a page that appears whole moves nothing later. */
export function usePatience(ready: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return ready || over;
}

import { useEffect, useState } from "react";

/** Whether something is ready, or was waited for long enough: a page that appears whole moves nothing later. */
export function usePatience(ready: boolean, ms = 2_000): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return ready || over;
}

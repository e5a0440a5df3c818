import type { Address } from "viem";
import { href } from "@/hooks/use-route";

/** From a federation to the pages on which one acts in it. */
export function TakePart({ federation }: { federation: Address }) {
  return (
    <nav aria-label="This federation" className="flex flex-wrap gap-2">
      <a className="btn btn-sm" href={href("federation", federation)}>
        Watch
      </a>
      <a className="btn btn-sm" href={href("participate", federation)}>
        Participate
      </a>
      <a className="btn btn-sm" href={href("admin", federation)}>
        Admin
      </a>
    </nav>
  );
}

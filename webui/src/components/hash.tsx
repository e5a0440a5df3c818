import { shorten } from "@/lib/format";
import { CopyButton } from "./copy-button";

interface Props {
  value: string;
  /** What it is: "block hash", "CID". */
  what?: string;
  full?: boolean;
}

/** A hash or a CID, to be copied. */
export function Hash({ value, what = "hash", full = false }: Props) {
  return (
    <span className="inline-flex items-center gap-1 align-middle">
      <span className={`font-mono text-sm ${full ? "break-all" : "whitespace-nowrap"}`} title={value}>
        {full ? value : shorten(value, 10, 6)}
      </span>
      <CopyButton text={value} what={what} />
    </span>
  );
}

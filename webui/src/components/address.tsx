import { getAddress, isAddress } from "viem";
import { shorten } from "@/lib/format";
import { CopyButton } from "./copy-button";
import { Identicon } from "./identicon";

interface Props {
  value: string;
  /** Where it leads, if anywhere. */
  link?: string;
  /** All of it, not its ends alone. */
  full?: boolean;
}

/** An address: its picture, checksummed, to be copied. */
export function Address({ value, link, full = false }: Props) {
  const address = isAddress(value, { strict: false }) ? getAddress(value) : value.slice(0, 42);
  const text = full ? address : shorten(address);
  const className = full ? "break-all font-mono text-sm" : "whitespace-nowrap font-mono text-sm";
  return (
    <span className="inline-flex items-center gap-1.5 align-middle">
      <Identicon address={address} />
      {link === undefined ? (
        <span className={className} title={address}>
          {text}
        </span>
      ) : (
        <a className={`link ${className}`} title={address} href={link}>
          {text}
        </a>
      )}
      <CopyButton text={address} what="address" />
    </span>
  );
}

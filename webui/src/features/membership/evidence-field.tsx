import { useMemo } from "react";
import type { Address, Hex } from "viem";
import { FormField } from "@/components/form-field";
import { useContent } from "@/features/content/use-content";
import type { Role } from "@/generated/enums";
import { parseCid } from "@/lib/cid";
import { type AllowList, evidenceOf, MAX_LIST_BYTES, parseList } from "./allow-list";

const LIMITS = { maxBytes: MAX_LIST_BYTES, timeoutMs: 60_000 };
const decode = (data: Uint8Array) => new TextDecoder().decode(data);

/** The allow-list that a text is, or that lies behind the CID that it is; a text says what is wrong. */
export function useList(source: string): AllowList | string | null {
  const cid = parseCid(source.trim());
  const fetched = useContent<string>("allow-list", cid, LIMITS, decode);
  const text = cid === null ? source : (fetched.data ?? null);
  const failed = fetched.error?.message ?? null;
  return useMemo(() => {
    if (cid !== null && failed !== null) return `The list is not to be had: ${failed}.`;
    return text === null || text.trim() === "" ? null : parseList(text);
  }, [cid, failed, text]);
}

interface Props {
  /** The root that the chain has. */
  root: Hex;
  account: Address;
  role: Role;
  source: string;
  onSource: (source: string) => void;
}

/** The list, by its CID or pasted, that proves an account's right to join. */
export function EvidenceField({ root, account, role, source, onSource }: Props) {
  const list = useList(source);
  return (
    <FormField
      label="Allow-list"
      help="This federation lets in who is on a list. Give its CID, or paste it; you have it from the requester."
      long
      value={source}
      fault={evidenceFault(list, root, account, role) ?? undefined}
      onChange={onSource}
    />
  );
}

/** What the account joins with: nothing where there is no list, null while it is lacking. */
export function useEvidence(
  root: Hex | null | undefined,
  account: Address,
  role: Role,
  source: string,
): Hex | null {
  const list = useList(source);
  if (root === null) return "0x";
  const fits = list !== null && typeof list !== "string" && list.root === root;
  return fits ? evidenceOf(list, account, role) : null;
}

export function evidenceFault(
  list: AllowList | string | null,
  root: Hex,
  account: Address,
  role: Role,
): string | null {
  if (list === null || typeof list === "string") return list;
  if (list.root !== root) return "This is not the federation's present list: ask the requester for that one.";
  if (evidenceOf(list, account, role) === null)
    return `Your account is not on it as a ${role === 0 ? "miner" : "device"}: ask the requester to add it.`;
  return null;
}

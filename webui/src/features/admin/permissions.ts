// Who may do what to a federation (docs/SPECIFICATION.md, A2; docs/roles.md).
import { type Address, keccak256, toBytes, zeroHash } from "viem";
import type { Federation } from "@/features/federation/records";

export const ROLES = {
  admin: zeroHash,
  pauser: keccak256(toBytes("PAUSER")),
  governor: keccak256(toBytes("GOVERNOR")),
} as const;

export type Right = "anyone" | "admin" | "pauser" | "governor" | "requester";

export interface Permission {
  allowed: boolean;
  /** Who may, in words: "a governor". */
  words: string;
  /** Who they are. */
  who: readonly Address[];
}

const WORDS: Readonly<Record<Right, string>> = {
  anyone: "anyone",
  admin: "whoever has the role of admin",
  pauser: "whoever has the role of pauser",
  governor: "whoever has the role of governor",
  requester: "the requester",
};

export function permission(
  right: Right,
  account: Address | null,
  { roles }: Pick<Federation, "roles">,
  requester: Address,
): Permission {
  const who = right === "requester" ? [requester] : right === "anyone" ? [] : (roles.get(ROLES[right]) ?? []);
  const allowed = account !== null && (right === "anyone" || who.includes(account));
  return { allowed, words: WORDS[right], who };
}

/** Whether a pause is used up, so that anyone may end it. */
export function pauseUsedUp(
  state: { pausedAt: number; pausedSeconds: number },
  maxPauseSeconds: number,
  now: number,
): boolean {
  return state.pausedAt > 0 && now - state.pausedAt >= maxPauseSeconds - state.pausedSeconds;
}

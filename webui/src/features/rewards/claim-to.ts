// A claim that its account signs, to be paid to another address (docs/SPECIFICATION.md, Y7).
import { type Address, getAddress, type Hex, isAddress, zeroAddress } from "viem";
import type { Header } from "@/features/federation/records";
import { type Call, contractCall } from "@/features/wallet/call";
import { rewardVaultAbi } from "@/generated/abi";

/** What an account may show to be paid by the tables of all blocks up to that of the header. */
export interface Entitlement {
  federation: Address;
  vault: Address;
  header: Header;
  account: Address;
  cumulative: bigint;
  /** What it has claimed of that so far. */
  claimed: bigint;
  proof: readonly Hex[];
}

const TYPES = {
  ClaimTo: [
    { name: "account", type: "address" },
    { name: "to", type: "address" },
    { name: "cumulative", type: "uint256" },
    { name: "claimed", type: "uint256" },
  ],
} as const;

/** Who is to be paid, as it was typed; a text says what is wrong. */
export function readRecipient(text: string, account: Address): { to: Address } | string | null {
  if (text.trim() === "") return null;
  if (!isAddress(text.trim())) return "It is 0x and 40 hex digits; copy it whole.";
  const to = getAddress(text.trim());
  if (to === zeroAddress) return "Nobody has this address: what is paid to it is lost.";
  return to === account ? "This is your own account: claim without a signature, above." : { to };
}

/** What the account signs. */
export function claimToData(chainId: number, entitlement: Entitlement, to: Address) {
  const { vault, account, cumulative, claimed } = entitlement;
  return {
    domain: { name: "Minerva", version: "1", chainId, verifyingContract: vault },
    types: TYPES,
    primaryType: "ClaimTo",
    message: { account, to, cumulative, claimed },
  } as const;
}

/** The call that pays; anybody may send it. */
export function claimToCall(label: string, entitlement: Entitlement, to: Address, signature: Hex): Call {
  const { vault, header, account, cumulative, proof } = entitlement;
  return contractCall(label, vault, rewardVaultAbi, "claimTo", [
    header,
    account,
    cumulative,
    proof,
    to,
    signature,
  ]);
}

/** The file that `minerva rewards claim --submit` takes. */
export function signedClaim(chainId: number, entitlement: Entitlement, to: Address, signature: Hex): string {
  const { federation, header, account, cumulative, claimed, proof } = entitlement;
  const document = {
    chain_id: chainId,
    federation,
    round: header.round,
    account,
    to,
    cumulative: cumulative.toString(),
    claimed: claimed.toString(),
    proof,
    signature,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

import { decodeFunctionData, type Hex, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import type { Header } from "@/features/federation/records";
import { rewardVaultAbi } from "@/generated/abi";
import { claimToCall, claimToData, type Entitlement, readRecipient, signedClaim } from "./claim-to";
import vectors from "./claim-vectors.json";

const { document, vault, key, data } = vectors;
const sent = decodeFunctionData({ abi: rewardVaultAbi, data: data as Hex });
const signer = privateKeyToAccount(key as Hex);
const to = document.to as Hex;
const entitlement: Entitlement = {
  federation: document.federation as Hex,
  vault: vault as Hex,
  header: sent.args?.[0] as Header,
  account: signer.address,
  cumulative: BigInt(document.cumulative),
  claimed: BigInt(document.claimed),
  proof: document.proof as Hex[],
};

test("what is signed, sent and saved is what the client signs, sends and saves (Y7)", async () => {
  const signature = await signer.signTypedData(claimToData(document.chain_id, entitlement, to));
  expect(signature).toBe(document.signature);
  expect(claimToCall("Claim", entitlement, to, signature)).toMatchObject({ to: vault, data, value: 0n });
  expect(JSON.parse(signedClaim(document.chain_id, entitlement, to, signature))).toEqual(document);
  expect([sent.functionName, entitlement.header.round]).toEqual(["claimTo", document.round]);
});

test("only somebody else's whole address is a recipient", () => {
  expect(readRecipient(" ", signer.address)).toBeNull();
  expect(readRecipient(` ${to.toLowerCase()} `, signer.address)).toEqual({ to });
  for (const text of ["0x12", "someone.eth", zeroAddress, signer.address, `${to}00`]) {
    expect(readRecipient(text, signer.address), text).toBeTypeOf("string");
  }
});

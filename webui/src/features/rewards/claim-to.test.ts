import { decodeFunctionData, type Hex, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import type { Header } from "@/features/federation/records";
import { rewardVaultAbi } from "@/generated/abi";
import { claimToCall, claimToData, type Entitlement, readRecipient, signedClaim } from "./claim-to";
import vectors from "./vectors.json";

const { document, header, vault, key, data } = vectors.claimTo;
const signer = privateKeyToAccount(key as Hex);
const to = document.to as Hex;
const entitlement: Entitlement = {
  federation: document.federation as Hex,
  vault: vault as Hex,
  header: {
    ...header,
    rewardsTotal: BigInt(header.rewardsTotal),
    weights: header.weights.map(BigInt),
  } as unknown as Header,
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
  expect(decodeFunctionData({ abi: rewardVaultAbi, data: data as Hex }).functionName).toBe("claimTo");
});

test("only somebody else's whole address is a recipient", () => {
  expect(readRecipient(" ", signer.address)).toBeNull();
  expect(readRecipient(` ${to.toLowerCase()} `, signer.address)).toEqual({ to });
  for (const text of ["0x12", "someone.eth", zeroAddress, signer.address, `${to}00`]) {
    expect(readRecipient(text, signer.address), text).toBeTypeOf("string");
  }
});

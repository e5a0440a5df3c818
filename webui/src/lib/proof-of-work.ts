// The puzzle of a block under proof of work (docs/SPECIFICATION.md, W1).
import { type Address, concatHex, encodeAbiParameters, type Hex, hexToBigInt, keccak256, size } from "viem";
import type { Header } from "./hashes";

export interface Work {
  /** The nonce's hash, and the highest one that was allowed. */
  hash: bigint;
  target: bigint;
  nonce: bigint;
}

const SEED = ["uint256", "address", "uint32", "bytes32", "bytes32", "bytes32", "address"].map((type) => ({
  type,
}));
const MOST = 2n ** 256n - 1n;

/** What a nonce is hashed with. */
export function workSeed(chainId: number, federation: Address, header: Header): Hex {
  const { round, parent, updatesRoot, ballotsRoot, proposer } = header;
  return keccak256(
    encodeAbiParameters(SEED, [
      BigInt(chainId),
      federation,
      round,
      parent,
      updatesRoot,
      ballotsRoot,
      proposer,
    ]),
  );
}

/** The work in a header's proof; null when its proof is of another kind. */
export function workOf(
  chainId: number,
  federation: Address,
  header: Header,
  difficulty: bigint,
): Work | null {
  if (size(header.proof) !== 32 || difficulty < 1n) return null;
  const hash = keccak256(concatHex([workSeed(chainId, federation, header), header.proof]));
  return { hash: hexToBigInt(hash), target: MOST / difficulty, nonce: hexToBigInt(header.proof) };
}

export function meets({ hash, target }: Work): boolean {
  return hash <= target;
}

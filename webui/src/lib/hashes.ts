// The protocol's hashes as docs/SPECIFICATION.md has them: R1, R7 and R8.
import {
  type Address,
  concatHex,
  encodeAbiParameters,
  type Hex,
  keccak256,
  numberToHex,
  stringToHex,
} from "viem";
import type { Cid } from "./cid";

/** What the chain keeps of a block, through its hash. */
export interface Header {
  number: number;
  parent: Hex;
  round: number;
  updatesRoot: Hex;
  ballotsRoot: Hex;
  acceptedRoot: Hex;
  body: Cid;
  model: Cid;
  rewardsRoot: Hex;
  rewardsTotal: bigint;
  weights: readonly bigint[];
  proposer: Address;
  proof: Hex;
}

/** A local update as its device recorded it. */
export interface UpdateRecord {
  device: Address;
  miner: Address;
  cid: Cid;
  samples: number;
  epochs: number;
  computeUs: bigint;
  lossBefore: bigint;
  lossAfter: bigint;
}

const words = (types: string) => types.split(" ").map((type) => ({ type }));
const typeHash = (type: string) => keccak256(stringToHex(type));

const HEADER_TYPE = typeHash(
  "Header(uint32 number,bytes32 parent,uint32 round,bytes32 updatesRoot,bytes32 ballotsRoot,bytes32 acceptedRoot," +
    "bytes32 bodyDigest,uint8 bodyCodec,bytes32 modelDigest,uint8 modelCodec,bytes32 rewardsRoot," +
    "uint128 rewardsTotal,uint256[] weights,address proposer,bytes proof)",
);
const HEADER_WORDS = words(
  "bytes32 uint32 bytes32 uint32 bytes32 bytes32 bytes32 bytes32 uint8 bytes32 uint8 bytes32 uint128 bytes32 address bytes32",
);
const GENESIS_TYPE = typeHash(
  "Genesis(uint256 chainId,address federation,bytes32 manifestDigest,uint8 manifestCodec,bytes32 modelDigest,uint8 modelCodec)",
);
const GENESIS_WORDS = words("bytes32 uint256 address bytes32 uint8 bytes32 uint8");
const UPDATE_TYPE = typeHash(
  "Update(address federation,uint32 round,address device,address miner,bytes32 digest,uint8 codec,uint32 samples," +
    "uint32 epochs,uint64 computeUs,int64 lossBefore,int64 lossAfter)",
);
const UPDATE_WORDS = words(
  "bytes32 address uint32 address address bytes32 uint8 uint32 uint32 uint64 int64 int64",
);

/** R7: a block's hash. */
export function headerHash(header: Header): Hex {
  const weights = concatHex(header.weights.map((word) => numberToHex(word, { size: 32 })));
  return keccak256(
    encodeAbiParameters(HEADER_WORDS, [
      HEADER_TYPE,
      header.number,
      header.parent,
      header.round,
      header.updatesRoot,
      header.ballotsRoot,
      header.acceptedRoot,
      header.body.digest,
      header.body.codec,
      header.model.digest,
      header.model.codec,
      header.rewardsRoot,
      header.rewardsTotal,
      keccak256(weights),
      header.proposer,
      keccak256(header.proof),
    ]),
  );
}

/** R8: what block 1 links to. */
export function genesisHash(chainId: number, federation: Address, manifest: Cid, model: Cid): Hex {
  const values = [manifest.digest, manifest.codec, model.digest, model.codec];
  return keccak256(
    encodeAbiParameters(GENESIS_WORDS, [GENESIS_TYPE, BigInt(chainId), federation, ...values]),
  );
}

/** R1: the leaf of an update. */
export function updateLeaf(federation: Address, round: number, update: UpdateRecord): Hex {
  return keccak256(
    encodeAbiParameters(UPDATE_WORDS, [
      UPDATE_TYPE,
      federation,
      round,
      update.device,
      update.miner,
      update.cid.digest,
      update.cid.codec,
      update.samples,
      update.epochs,
      update.computeUs,
      update.lossBefore,
      update.lossAfter,
    ]),
  );
}

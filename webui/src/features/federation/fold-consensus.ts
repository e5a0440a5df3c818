// Which consensus module decides, and what its proof of work asks for.
import { type Address, hexToBigInt, size, slice } from "viem";
import type { ChainEvent } from "@/features/chain/events";
import type { Work } from "./fold";

/** @param proofOfWork The network's module of that name. */
export function applyConsensus(work: Work, event: ChainEvent, proofOfWork: Address | null): void {
  switch (event.name) {
    case "ConsensusConfigured": {
      const { parameters } = event.args;
      work.module = event.address;
      // W2: the difficulty is the first of two words.
      work.difficulty =
        event.address === proofOfWork && size(parameters) === 64
          ? hexToBigInt(slice(parameters, 0, 32))
          : null;
      break;
    }
    case "ConsensusChanged":
      // A module that this page knows tells of itself just before.
      if (event.args.module === work.module) break;
      work.module = event.args.module;
      work.difficulty = null;
      break;
    case "DifficultyChanged":
      if (event.address === work.module && work.difficulty !== null) work.difficulty = event.args.difficulty;
      break;
  }
}

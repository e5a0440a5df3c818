// Miners and devices: who joined, who is there, and what each did.
import type { ChainEvent } from "@/features/chain/events";
import { indices, weightOf } from "@/lib/masks";
import { momentOf, type Work } from "./fold";
import type { Miner } from "./records";

export function applyMembership(work: Work, event: ChainEvent): void {
  switch (event.name) {
    case "MinerJoined": {
      const { index, owner, miner, endpoint } = event.args;
      const before = work.places.get(index);
      // The index of a miner that left is free again: this is how the chain tells that it is gone.
      if (before !== undefined) work.miners.update(before, () => ({ status: "left" }));
      work.places.set(index, miner);
      work.miners.set(miner, {
        ...newMiner(event, index, owner, miner, endpoint),
        bonded: work.bonded.get(owner) ?? 0n,
      });
      break;
    }
    case "MinerLeaving":
      atIndex(work, event.args.index, () => ({ status: roundRuns(work) ? "leaving" : "left" }));
      break;
    case "MinerReturned":
      atIndex(work, event.args.index, (miner) => (miner.status === "dormant" ? { status: "member" } : {}));
      break;
    case "MinerExpelled":
      atIndex(work, event.args.index, () => ({ expelled: true }));
      break;
    case "EndpointChanged":
      work.miners.update(event.address, () => ({ endpoint: event.args.endpoint }));
      break;
    case "RoundOpened":
      for (const index of indices(event.args.snapshot)) {
        const { lanes } = event.args;
        atIndex(work, index, () => ({ weight: lanes.length === 0 ? null : weightOf(lanes, index) }));
      }
      break;
    case "BlockFinalized":
    case "RoundSkipped":
      retire(work);
      break;
    case "VerificationClosed":
      silence(work, event.args.absent);
      break;
    case "VotersReplaced":
      silence(work, event.args.silent);
      break;
    case "BallotCast":
      atIndex(work, event.args.index, ({ votes }) => ({ votes: votes + 1 }));
      break;
    case "BlockProposed":
      atIndex(work, event.args.index, ({ proposed }) => ({ proposed: proposed + 1 }));
      break;
    case "DeviceBound":
    case "DeviceUnbound":
    case "DeviceRegistered":
    case "DeviceCheckedIn":
      applyDevice(work, event);
      break;
  }
}

function applyDevice(work: Work, event: ChainEvent): void {
  switch (event.name) {
    case "DeviceBound": {
      const { device, miner, fromRound } = event.args;
      const before = work.devices.get(device);
      const fresh = {
        address: device,
        datasetRoot: "0x" as const,
        datasetSize: 0,
        rateNs: 0n,
        submitted: 0,
        accepted: 0,
        refused: 0,
        lastRefusal: null,
      };
      work.devices.set(device, { ...fresh, ...before, miner, fromRound, lastSeen: fromRound - 1 });
      work.miners.update(miner, ({ devices }) => ({ devices: devices + 1 }));
      break;
    }
    case "DeviceUnbound":
      work.devices.update(event.args.device, () => ({ miner: null }));
      work.miners.update(event.args.miner, ({ devices }) => ({ devices: devices - 1 }));
      break;
    case "DeviceRegistered": {
      const { datasetRoot, datasetSize, rateNs } = event.args;
      work.devices.update(event.args.device, () => ({ datasetRoot, datasetSize, rateNs }));
      break;
    }
    case "DeviceCheckedIn":
      work.devices.update(event.args.device, () => ({ lastSeen: event.args.round }));
      break;
  }
}

/** A leaving miner has its duties until the end of the round: then it is gone. */
function retire(work: Work): void {
  for (const { contract, status } of [...work.miners.values()]) {
    if (status === "leaving") work.miners.update(contract, () => ({ status: "left" }));
  }
}

function roundRuns({ rounds }: Work): boolean {
  return [...rounds.values()].some(({ outcome }) => outcome === "running");
}

function silence(work: Work, mask: bigint): void {
  for (const index of indices(mask)) {
    atIndex(work, index, ({ status, absences }) => ({
      status: status === "member" ? "dormant" : status,
      absences: absences + 1,
    }));
  }
}

export function atIndex(work: Work, index: number, change: (miner: Miner) => Partial<Miner>): void {
  const contract = work.places.get(index);
  if (contract !== undefined) work.miners.update(contract, change);
}

function newMiner(
  event: ChainEvent,
  index: number,
  owner: Miner["owner"],
  contract: Miner["contract"],
  endpoint: string,
): Miner {
  return {
    index,
    owner,
    contract,
    endpoint,
    status: "member",
    expelled: false,
    joined: momentOf(event),
    votes: 0,
    absences: 0,
    proposed: 0,
    mined: 0,
    devices: 0,
    weight: null,
    bonded: 0n,
    slashes: [],
  };
}

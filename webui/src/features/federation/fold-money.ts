// The escrow, what was earned of it, and what members have at stake.
import type { Address } from "viem";
import type { ChainEvent } from "@/features/chain/events";
import { momentOf, type Work } from "./fold";
import type { Miner } from "./records";

export function applyMoney(work: Work, event: ChainEvent): void {
  const { money } = work;
  switch (event.name) {
    case "RewardsFunded":
      work.money = { ...money, funded: event.args.funded };
      break;
    case "RewardsGranted":
      work.money = { ...money, granted: event.args.granted };
      break;
    case "RewardsClaimed": {
      const { account, to, byTable, byAttestations } = event.args;
      work.claims.push({ account, to, byTable, byAttestations, at: momentOf(event) });
      work.money = { ...money, claimed: money.claimed + byTable + byAttestations };
      break;
    }
    case "RewardsReturned":
      work.money = { ...money, returned: money.returned + event.args.amount };
      break;
    case "RewardsClosing":
      work.money = { ...money, closesAt: event.args.until };
      break;
    case "StakeDeposited": {
      const { account, bonded } = event.args;
      stakeOf(work, account, bonded);
      break;
    }
    case "StakeUnbonding": {
      const { account, amount } = event.args;
      stakeOf(work, account, (work.bonded.get(account) ?? 0n) - amount);
      break;
    }
    case "StakeSlashed": {
      const { account, round, offence, amount, bonded, reporter } = event.args;
      work.money = { ...money, slashed: money.slashed + amount };
      const slash = { round, offence, amount, reporter, at: momentOf(event) };
      stakeOf(work, account, bonded);
      ofOwner(work, account, ({ slashes }) => ({ slashes: [...slashes, slash] }));
      break;
    }
  }
}

function stakeOf(work: Work, owner: Address, bonded: bigint): void {
  work.bonded.set(owner, bonded);
  ofOwner(work, owner, () => ({ bonded }));
}

function ofOwner(work: Work, owner: Address, change: (miner: Miner) => Partial<Miner>): void {
  for (const miner of work.miners.values()) {
    if (miner.owner === owner && miner.status !== "left") work.miners.update(miner.contract, change);
  }
}

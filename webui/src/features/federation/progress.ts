// What a federation waits for, and who can act: from its state and its configuration, in words.
import { Phase, Status } from "@/generated/enums";
import { count } from "@/lib/masks";
import { plural } from "@/lib/text";

/** Of `IFederationViews.state`, what is told here. */
export interface Standing {
  status: number;
  phase: number;
  round: number;
  members: bigint;
  leaving: bigint;
  dormant: bigint;
  voters: bigint;
  voted: bigint;
  barred: bigint;
  approvals: bigint;
  rejections: bigint;
  devices: number;
  height: number;
  due: boolean;
}

export interface Needs {
  minMiners: number;
  minDevices: number;
  minUpdates: number;
}

export interface Waiting {
  /** A phrase: "3 of 5 devices". */
  what: string;
  /** Who can bring it on. */
  who: string;
}

/** @param submitted Updates of the running round. @param unfunded Whether the escrow lacks something. */
export function waitsFor(state: Standing, needs: Needs, submitted: number, unfunded: boolean): Waiting {
  if (state.status === Status.Closed) {
    return {
      what: `nothing: it is over, with ${plural(state.height, "block")}`,
      who: "those who earned something, to claim it",
    };
  }
  if (state.status === Status.Paused)
    return { what: "the end of the pause", who: "whoever has the role to unpause" };
  if (state.due) return { what: "a call of tick(): something is due", who: "anyone" };
  if (state.status === Status.Waiting) return waitsToOpen(state, needs, unfunded);
  const voters = count(state.voters);
  switch (state.phase) {
    case Phase.Training: {
      const least = Math.max(0, needs.minUpdates - submitted);
      const lacking = least > 0 ? `; at least ${least} more` : "";
      return { what: `local updates: ${submitted} so far${lacking}`, who: "the devices of the round" };
    }
    case Phase.Verification:
      return {
        what: `ballots: ${count(state.voted)} of ${plural(voters, "miner")}`,
        who: "miners that did not vote yet",
      };
    case Phase.Mining:
      return {
        what: "a candidate block",
        who: `${plural(voters - count(state.barred & state.voters), "miner")} that may propose`,
      };
    case Phase.Attestation: {
      const [yes, no] = [count(state.approvals), count(state.rejections)];
      return {
        what: `attestations: ${yes} for and ${no} against, of ${voters}`,
        who: "miners that did not attest yet",
      };
    }
    default:
      return { what: "the next round", who: "anyone" };
  }
}

function waitsToOpen(state: Standing, { minMiners, minDevices }: Needs, unfunded: boolean): Waiting {
  const miners = count(state.members & ~state.leaving & ~state.dormant);
  if (miners < minMiners)
    return { what: `miners: ${miners} of ${minMiners}`, who: "whoever wants to be a miner" };
  if (unfunded)
    return { what: "the escrow: it is not complete", who: "the requester, or whoever pays for it" };
  return {
    what: `devices that count: at least ${minDevices} (${plural(state.devices, "device")} bound)`,
    who: "whoever has data to train on",
  };
}

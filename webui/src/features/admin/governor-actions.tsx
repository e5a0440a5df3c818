import { useMemo, useState } from "react";
import { FormField } from "@/components/form-field";
import { Time } from "@/components/time";
import type { Subject } from "@/features/membership/with-subject";
import { contractCall } from "@/features/wallet/call";
import { federationAbi } from "@/generated/abi";
import { Status } from "@/generated/enums";
import { formatDuration, shorten } from "@/lib/format";
import { Action, ActionButton } from "./action";
import type { Permission } from "./permissions";

interface Props {
  subject: Subject;
  may: Permission;
}

/** Stops the deadlines, and starts them again. */
export function PauseAction({ subject, may }: Props) {
  const { address, state, config } = subject;
  const paused = state.status === Status.Paused;
  const left = Math.max(0, config.maxPauseSeconds - state.pausedSeconds);
  const call = useMemo(
    () =>
      paused
        ? contractCall("Go on", address, federationAbi, "unpause", [])
        : contractCall("Pause", address, federationAbi, "pause", []),
    [paused, address],
  );
  const spent = !paused && left === 0;
  return (
    <Action
      title="Pause"
      may={may}
      what={
        <>
          {paused && (
            <>
              Paused <Time value={state.pausedAt} />.{" "}
            </>
          )}
          Nobody can do anything while it is paused, and no deadline runs. Pauses that are left:{" "}
          {formatDuration(left)}. Once they are used up, anyone may end the pause.
        </>
      }
    >
      <ActionButton may={may} call={spent ? null : call} label="Pause" />
    </Action>
  );
}

/** Lets a miner go. */
export function ExpelAction({ subject, may }: Props) {
  const { address, record } = subject;
  const [chosen, setChosen] = useState("");
  const miners = [...record.miners.values()].filter(
    ({ status, expelled }) => (status === "member" || status === "dormant") && !expelled,
  );
  const miner = miners.find(({ index }) => String(index) === chosen);
  const index = miner?.index ?? null;
  const call = useMemo(
    () => (index === null ? null : contractCall("Expel the miner", address, federationAbi, "expel", [index])),
    [index, address],
  );
  return (
    <Action
      title="Expel a miner"
      may={may}
      what="It leaves at the end of the round after the running one, with its duties until then. Its stake stays its own."
    >
      <FormField
        label="Miner"
        value={chosen}
        choices={[
          ["", "Choose one"],
          ...miners.map(
            ({ index: number, owner }) => [String(number), `Miner ${number} of ${shorten(owner)}`] as const,
          ),
        ]}
        onChange={setChosen}
      />
      <ActionButton may={may} call={call} label="Expel the miner" />
    </Action>
  );
}

/** Ends the federation; that is for good, so it is asked twice. */
export function CloseAction({ subject, may }: Props) {
  const { address, state } = subject;
  const [sure, setSure] = useState(false);
  const call = useMemo(
    () => (sure ? contractCall("Close the federation", address, federationAbi, "close", []) : null),
    [sure, address],
  );
  return (
    <Action
      title="Close"
      may={may}
      what={
        state.closing
          ? "It closes at the end of the running round."
          : "No round follows the running one. What was earned stays claimable; the rest of the escrow returns. This cannot be undone."
      }
    >
      {!state.closing && (
        <>
          <label className="flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              className="checkbox checkbox-sm"
              checked={sure}
              onChange={(event) => setSure(event.target.checked)}
            />
            End it for good
          </label>
          <ActionButton may={may} call={call} label="Close the federation" />
        </>
      )}
    </Action>
  );
}

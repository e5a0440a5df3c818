import { type ReactNode, useMemo } from "react";
import type { Address } from "viem";
import { Card } from "@/components/card";
import { Time } from "@/components/time";
import { contractCall } from "@/features/wallet/call";
import { WriteButton } from "@/features/wallet/write-button";
import { federationAbi } from "@/generated/abi";
import { Status } from "@/generated/enums";
import { formatNumber } from "@/lib/format";
import { phaseWords, STEPS, type Step } from "@/lib/phases";
import { waitsFor } from "./progress";
import type { Money } from "./records";
import type { FederationConfig, FederationState } from "./use-federation-state";

interface Props {
  address: Address;
  state: FederationState;
  config: FederationConfig;
  /** Updates of the running round. */
  submitted: number;
  money: Money;
}

/** The eight steps: which one it is, what it waits for, until when, and who can act. */
export function Timeline({ address, state, config, submitted, money }: Props) {
  const running = state.status === Status.Running;
  const unfunded = config.rewards !== null && money.funded < config.rewards.required;
  const { what, who } = waitsFor(state, config, submitted, unfunded);
  const title =
    state.round === 0
      ? "Before round 1"
      : `Round ${formatNumber(state.round)} of ${formatNumber(config.rounds)}`;
  return (
    <Card title={title} aside={<span className="text-sm">{running ? phaseWords(state.phase) : ""}</span>}>
      <ol className="grid grid-cols-2 gap-2 sm:grid-cols-4 xl:grid-cols-8">
        {STEPS.map((step, number) => {
          const active = isActive(step, state);
          return (
            <li
              key={step.name}
              aria-current={active ? "step" : undefined}
              className={`rounded-box border p-2 ${active ? "border-primary bg-primary/10" : "border-base-300"}`}
            >
              <p className="font-semibold text-sm">
                {number + 1} {step.name}
              </p>
              <p className="text-base-content/80 text-xs">{step.what}</p>
            </li>
          );
        })}
      </ol>
      <dl className="mt-3 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-2 lg:grid-cols-4">
        <Fact name="Waits for" value={what} live />
        <Fact name="Who can act" value={who} />
        <Fact name="Deadline" value={running ? <Time value={state.deadline} absolute /> : "none runs"} />
        <div className="min-h-26">
          <dt className="text-base-content/70">Due</dt>
          <dd>{state.due ? <Tick address={address} /> : "nothing at present"}</dd>
        </div>
      </dl>
    </Card>
  );
}

/** Between rounds the phase is still the one in which the last round ended. */
export function isActive(
  { phases }: Step,
  { status, phase }: Pick<FederationState, "status" | "phase">,
): boolean {
  if (status !== Status.Running && status !== Status.Waiting) return false;
  return phases.some((known) => known === phase);
}

/** `live`: its changes are read out. */
function Fact({ name, value, live = false }: { name: string; value: ReactNode; live?: boolean }) {
  return (
    <div className="min-h-15">
      <dt className="text-base-content/70">{name}</dt>
      <dd aria-live={live ? "polite" : undefined}>{value}</dd>
    </div>
  );
}

/** Anyone may do what is due. */
function Tick({ address }: { address: Address }) {
  const call = useMemo(() => contractCall("Do what is due", address, federationAbi, "tick", []), [address]);
  return <WriteButton call={call} label="Do what is due" />;
}

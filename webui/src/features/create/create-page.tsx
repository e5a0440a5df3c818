import { useMemo, useState } from "react";
import type { Address } from "viem";
import { Card } from "@/components/card";
import { PageHeading } from "@/components/page-heading";
import { useRuntime } from "@/features/chain/context";
import { useToken } from "@/features/wallet/use-token";
import { plural } from "@/lib/text";
import type { PageProps } from "@/routes";
import { faultsOf, type Place } from "./check";
import { Created, createdBy } from "./created";
import { STEPS, type Step, textOf } from "./draft";
import { createCall } from "./encode";
import { Review } from "./review";
import { StepFields } from "./step-fields";
import { Summary } from "./summary";
import { TaskStep } from "./task-step";
import { useDraft } from "./use-draft";
import { type Contents, useTask } from "./use-task";

/** A wizard that creates a federation, as `minerva federation create` does. */
export default function CreatePage({ route }: PageProps) {
  const { network } = useRuntime();
  const { draft, set, reset } = useDraft(route.query);
  const [at, setAt] = useState(0);
  const [created, setCreated] = useState<Address | null>(null);
  const contents = useTask(draft);
  const stake = useToken(textOf(draft, "stakeToken"));
  const reward = useToken(textOf(draft, "rewardToken"));
  const place = useMemo<Place>(
    () => ({
      modules: network.consensus,
      policies: network.policies,
      stakeDecimals: stake?.decimals,
      rewardDecimals: reward?.decimals,
      task: checked(contents),
    }),
    [network, stake, reward, contents],
  );
  const faults = useMemo(() => withContents(faultsOf(draft, place), contents), [draft, place, contents]);
  const call = useMemo(
    () => (Object.keys(faults).length === 0 ? createCall(draft, place, network.factory) : null),
    [draft, place, faults, network.factory],
  );
  if (created !== null) {
    const another = () => {
      reset();
      setAt(0);
      setCreated(null);
    };
    return (
      <div className="space-y-4">
        <PageHeading title="Create a federation" />
        <Created federation={created} draft={draft} onAnother={another} />
      </div>
    );
  }
  const step = STEPS[at];
  const currencies = { stake, reward };
  return (
    <div className="space-y-4">
      <header>
        <PageHeading title="Create a federation" />
        <p className="text-sm">
          You describe one task, and say who may learn it, how, and for what. Every value has a default that
          works.
        </p>
      </header>
      <StepList at={at} wrong={(step) => wrongIn(step, faults)} onStep={setAt} />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_24rem] [&>*]:min-w-0">
        <Card title={step?.title ?? "Check and sign"}>
          <p className="mb-3 text-sm">{step?.intro ?? "Everything once more, as you will sign it."}</p>
          {step === undefined ? (
            <Review
              {...{ draft, place, contents, faults, currencies, call }}
              onCreated={(receipt) => setCreated(createdBy(receipt))}
            />
          ) : step.name === "task" ? (
            <TaskStep {...{ draft, contents, faults, set }} />
          ) : (
            <StepFields fields={step.fields} {...{ draft, faults, currencies, set }} />
          )}
          <div className="mt-4 flex flex-wrap justify-between gap-2">
            <button type="button" className="btn" disabled={at === 0} onClick={() => setAt(at - 1)}>
              Back
            </button>
            <button type="button" className="btn btn-ghost" onClick={reset}>
              All defaults
            </button>
            <button
              type="button"
              className="btn btn-primary"
              disabled={step === undefined}
              onClick={() => setAt(at + 1)}
            >
              Next
            </button>
          </div>
        </Card>
        <div className="lg:sticky lg:top-20 lg:self-start">
          <Summary draft={draft} place={place} call={call} currency={reward} />
        </div>
      </div>
    </div>
  );
}

interface StepListProps {
  at: number;
  wrong: (step: Step | undefined) => number;
  onStep: (at: number) => void;
}

/** All steps: any of them can be gone to at any time. */
function StepList({ at, wrong, onStep }: StepListProps) {
  const titles = [...STEPS.map(({ title }) => title), "Check and sign"];
  return (
    <nav aria-label="Steps">
      <ol className="flex flex-wrap gap-2">
        {titles.map((title, number) => {
          const count = wrong(STEPS[number]);
          return (
            <li key={title}>
              <button
                type="button"
                className={`btn btn-sm ${number === at ? "btn-primary" : ""}`}
                aria-current={number === at ? "step" : undefined}
                onClick={() => onStep(number)}
              >
                {number + 1} {title}
                {count > 0 && <span className="badge badge-sm">{plural(count, "open value")}</span>}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function wrongIn(step: Step | undefined, faults: Readonly<Record<string, string>>) {
  if (step === undefined) return 0;
  const keys = step.name === "task" ? ["manifest", "model"] : step.fields.map(({ key }) => key);
  return keys.filter((key) => key in faults).length;
}

/** What the other fields are checked against: the task, once it and its model are whole. */
function checked({ task, genesis, mismatch }: Contents): Place["task"] {
  if (task === null || genesis === null || typeof task === "string" || typeof genesis === "string")
    return null;
  if (mismatch !== null) return null;
  return { rule: task.rule, genesisBytes: genesis.bytes, confidential: task.manifest.confidential };
}

/** Nothing is signed before both contents were fetched and belong together. */
function withContents(faults: Readonly<Record<string, string>>, { task, genesis, mismatch }: Contents) {
  const found: Record<string, string> = {};
  if (task === null || typeof task === "string")
    found.manifest = "It was not read, or is not usable: see below.";
  if (genesis === null || typeof genesis === "string")
    found.model = "It was not read, or is not usable: see below.";
  else if (mismatch !== null) found.model = "It does not belong to this manifest: see below.";
  return { ...found, ...faults };
}

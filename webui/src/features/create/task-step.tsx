import { useState } from "react";
import { Command } from "@/components/command";
import { Facts } from "@/components/facts";
import { FormField } from "@/components/form-field";
import { StrangerText } from "@/components/stranger-text";
import { lacks, parseRule, ruleText, ruleWords, USUAL_RULE } from "@/lib/aggregation";
import { formatBytes, formatNumber } from "@/lib/format";
import { plural } from "@/lib/text";
import { type Draft, numberOf, textOf } from "./draft";
import { publishLine } from "./publish-line";
import type { Contents } from "./use-task";

interface Props {
  draft: Draft;
  contents: Contents;
  faults: Readonly<Record<string, string>>;
  set: (key: string, value: string) => void;
}

/** The task: what makes it, its two CIDs, and what was found behind them. */
export function TaskStep({ draft, contents, faults, set }: Props) {
  const fault = (key: string) => (textOf(draft, key) === "" ? undefined : faults[key]);
  return (
    <div className="space-y-4">
      <Publish devices={numberOf(draft, "minDevices")} />
      <p className="text-sm">
        The command prints two CIDs, and a link to this page that fills them in. Both are fetched from the
        gateway and checked before you sign anything.
      </p>
      <div className="grid gap-3 md:grid-cols-2">
        <FormField
          label="Manifest"
          help="CID of the task's description."
          value={textOf(draft, "manifest")}
          fault={fault("manifest")}
          onChange={(value) => set("manifest", value)}
        />
        <FormField
          label="Genesis model"
          help="CID of the model that round 1 begins with."
          value={textOf(draft, "model")}
          fault={fault("model")}
          onChange={(value) => set("model", value)}
        />
      </div>
      <Found contents={contents} />
    </div>
  );
}

/** The command that puts both on IPFS, for a task of the user's own. */
function Publish({ devices }: { devices: number }) {
  const [task, setTask] = useState("digits");
  const [title, setTitle] = useState("");
  const [aggregation, setAggregation] = useState(USUAL_RULE);
  const [sealed, setSealed] = useState("");
  const parts = parseRule(aggregation);
  const lacking = parts === null || Number.isNaN(devices) ? null : lacks(parts, devices);
  const fault =
    parts === null ? "There is no such rule, or not with these parameters." : (lacking ?? undefined);
  return (
    <details className="rounded-box border border-base-300 p-3" open>
      <summary className="cursor-pointer font-semibold text-sm">The command that puts a task on IPFS</summary>
      <div className="mt-3 grid gap-3 md:grid-cols-2">
        <FormField
          label="Task"
          help="A bundled task's name, or the path of your own task file."
          value={task}
          onChange={setTask}
        />
        <FormField label="Title" help="Empty: the task's own." value={title} onChange={setTitle} />
        <FormField
          label="Aggregation rule"
          help={
            parts === null
              ? `E.g. ${USUAL_RULE}, nnm:f=1+trimmed_mean:f=1, fedavg (no defence).`
              : ruleWords(parts)
          }
          value={aggregation}
          fault={fault}
          onChange={setAggregation}
        />
        <FormField
          label="Confidential"
          help="Sealed updates are read by the round's miners alone. The global model stays public."
          value={sealed}
          choices={[
            ["", "No: updates are public"],
            ["yes", "Yes: updates are sealed"],
          ]}
          onChange={setSealed}
        />
      </div>
      <Command
        line={publishLine({
          task,
          title,
          aggregation: parts === null ? "" : ruleText(parts),
          confidential: sealed === "yes",
          devices,
        })}
      />
    </details>
  );
}

function Found({ contents: { task, genesis, mismatch, reading } }: { contents: Contents }) {
  const none = task === null && genesis === null;
  return (
    <section aria-label="What was found" aria-live="polite" className="min-h-40 rounded-box bg-base-200 p-3">
      {none && (
        <p className="text-sm">{reading ? "Reading…" : "Give both CIDs to see what is behind them."}</p>
      )}
      {typeof task === "string" && <Wrong what="The manifest" why={task} />}
      {typeof genesis === "string" && <Wrong what="The genesis model" why={genesis} />}
      {mismatch !== null && <Wrong what="The two do not belong together" why={mismatch} />}
      {task !== null && typeof task !== "string" && (
        <Facts
          entries={[
            ["Title", <StrangerText key="t" value={task.manifest.title} most={80} />],
            ["Task", <StrangerText key="k" value={task.manifest.task} most={60} />],
            ["From", <StrangerText key="i" value={task.manifest.inputs} />],
            ["To", <StrangerText key="l" value={task.manifest.labels} />],
            ["Rule", `${ruleText(task.rule)}: ${ruleWords(task.rule)}`],
            ["Updates", task.manifest.confidential ? "sealed to the round's miners" : "public"],
            ["Evaluation", <StrangerText key="e" value={task.manifest.evaluation} most={200} />],
            ["Tensors", plural(task.tensors.size, "tensor")],
          ]}
        />
      )}
      {genesis !== null && typeof genesis !== "string" && (
        <p className="mt-2 text-sm">
          The genesis model has {formatNumber(genesis.parameters)} numbers in {formatBytes(genesis.bytes)}
          {mismatch === null && task !== null && typeof task !== "string" && ", in the manifest's tensors"}.
        </p>
      )}
    </section>
  );
}

function Wrong({ what, why }: { what: string; why: string }) {
  return (
    <p className="mb-2 text-sm" role="alert">
      <strong>{what}:</strong> {why}.
    </p>
  );
}

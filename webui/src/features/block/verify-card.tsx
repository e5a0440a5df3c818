import { Badge, type Tone } from "@/components/badge";
import { Card } from "@/components/card";
import { Command } from "@/components/command";
import { type Column, DataTable } from "@/components/data-table";
import { ErrorNote } from "@/components/error-note";
import { explain } from "@/lib/errors";
import { plural } from "@/lib/text";
import type { BlockView } from "./block-page";
import type { Check } from "./checks";
import { useVerification } from "./use-verification";

const TONES: Readonly<Record<Check["state"], Tone>> = { ok: "good", differs: "bad", unchecked: "warn" };
const WORDS: Readonly<Record<Check["state"], string>> = {
  ok: "ok",
  differs: "differs",
  unchecked: "not checked",
};

const COLUMNS: readonly Column<Check>[] = [
  { name: "What", cell: ({ name }) => name },
  { name: "Result", cell: ({ state }) => <Badge tone={TONES[state]}>{WORDS[state]}</Badge> },
  { name: "How", cell: ({ words }) => words },
];

/** Compute the block again here, from the chain's events and the bytes behind its CIDs. */
export function VerifyCard({ view }: { view: BlockView }) {
  const verification = useVerification(view);
  const { data: checks, isPending, error } = verification;
  return (
    <Card
      title="Verify in this browser"
      aside={
        <button
          type="button"
          className="btn btn-primary btn-sm min-w-32"
          disabled={isPending}
          onClick={() => verification.mutate()}
        >
          {isPending ? "Verifying…" : checks === undefined ? "Verify" : "Verify again"}
        </button>
      }
    >
      <p className="mb-2 text-sm" role="status">
        {checks === undefined
          ? "Computes hashes, roots, proof and CIDs anew; fetches the body and the model."
          : summary(checks)}
      </p>
      {error !== null && <ErrorNote problem={explain(error)} />}
      {checks !== undefined && (
        <DataTable
          caption="Checks of this block"
          columns={COLUMNS}
          rows={checks}
          rowKey={({ name }) => name}
          empty="There was nothing to check"
        />
      )}
      <NotChecked view={view} />
    </Card>
  );
}

function summary(checks: readonly Check[]): string {
  const of = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
  const differing = of("differs");
  const rest = of("unchecked") > 0 ? `, ${of("unchecked")} could not be checked` : "";
  if (differing > 0) return `${plural(differing, "check")} of ${checks.length} found a difference${rest}.`;
  return `${plural(of("ok"), "check")} of ${checks.length} passed${rest}.`;
}

function NotChecked({ view: { record, block } }: { view: BlockView }) {
  return (
    <div className="mt-3 space-y-2 text-sm">
      <p>
        Not checked here: that the model is the aggregate of the accepted updates, that the ballots judged
        them by the rules, and how rates, rewards and the weights in the header follow from them. Events are
        taken as the configured RPC tells them; that a majority approved within the deadlines is the
        contract's own word. All of the first is derived again, byte for byte, by
      </p>
      <Command line={`minerva verify ${record.address} --block ${block.number}`} />
    </div>
  );
}

import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { StatusBadge } from "@/components/status-badge";
import { StrangerText } from "@/components/stranger-text";
import { Time } from "@/components/time";
import { LISTED_LIMITS, useManifest } from "@/features/content/use-content";
import type { FederationEntry } from "@/features/federation/fold-factory";
import { useFederationState } from "@/features/federation/use-federation-state";
import { usePublishedAccuracy } from "@/features/results/use-results";
import { Status } from "@/generated/enums";
import { href } from "@/hooks/use-route";
import { formatNumber, formatPercent } from "@/lib/format";
import { count } from "@/lib/masks";
import { phaseWords } from "@/lib/phases";
import { useEscrow } from "./use-escrow";

/** One federation of the list, live; figures take their place before they are there. */
export function FederationCard({ entry }: { entry: FederationEntry }) {
  const state = useFederationState(entry.address).data ?? null;
  const { title = "", task = "" } = useManifest(entry.manifest, LISTED_LIMITS).data ?? {};
  const escrow = useEscrow(entry.address);
  const accuracy = usePublishedAccuracy(entry.address);
  return (
    <article className="flex h-full flex-col rounded-box border border-base-300 bg-base-100 p-4 shadow-sm">
      <div className="flex items-start justify-between gap-2">
        <h2 className="min-h-14 min-w-0 font-semibold text-lg">
          <a
            className="link link-hover line-clamp-2"
            title={title || undefined}
            href={href("federation", entry.address)}
          >
            <StrangerText value={title} most={80} none="Federation" />
          </a>
        </h2>
        {state !== null && <StatusBadge status={state.status} />}
      </div>
      <p className="min-h-6 text-sm">
        <StrangerText value={task} most={60} none="…" />
        {state?.status === Status.Running && ` · ${phaseWords(state.phase)}`}
      </p>
      <dl className="figures mt-3 grid grid-cols-4 gap-2 text-center">
        <Figure name="round" value={state?.round} />
        <Figure name="blocks" value={state?.height} />
        <Figure name="devices" value={state?.devices} />
        <Figure name="miners" value={state === null ? undefined : count(state.members)} />
      </dl>
      <p className="mt-3 min-h-6 text-sm">
        {accuracy === null
          ? "no accuracy was published"
          : `accuracy: ${formatPercent(accuracy.value)} after round ${formatNumber(accuracy.round)}`}
      </p>
      <p className="min-h-6 text-sm">
        {escrow === undefined && "…"}
        {escrow === null && "pays nothing"}
        {escrow && (
          <>
            escrow: <Amount value={escrow.funded} currency={escrow.currency} /> of{" "}
            <Amount value={escrow.required} currency={escrow.currency} />, granted:{" "}
            <Amount value={escrow.granted} currency={escrow.currency} />
          </>
        )}
      </p>
      <p className="mt-auto flex flex-wrap items-center justify-between pt-3 gap-2 text-sm">
        <Address value={entry.address} /> <Time value={entry.created.time} />
      </p>
    </article>
  );
}

function Figure({ name, value }: { name: string; value: number | undefined }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-base-content/70 text-xs">{name}</dt>
      <dd className="font-semibold">{value === undefined ? "…" : formatNumber(value)}</dd>
    </div>
  );
}

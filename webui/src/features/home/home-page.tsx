import { useDeferredValue, useMemo, useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { ErrorNote } from "@/components/error-note";
import { Loading } from "@/components/loading";
import { PageHeading } from "@/components/page-heading";
import { useFederations } from "@/features/federation/use-federation";
import { href } from "@/hooks/use-route";
import { formatNumber } from "@/lib/format";
import { FederationCard } from "./federation-card";
import { FILTERS, matching } from "./search";
import { StartHere } from "./start-here";
import { REACH, useSummaries } from "./use-summaries";

const PAGE = 24;

/** The federations of the factory, newest first; search, filter, and where to begin. */
export default function HomePage() {
  const feed = useFederations();
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<string>("all");
  const [shown, setShown] = useState(PAGE);
  const newest = useMemo(() => feed.record?.toReversed() ?? [], [feed.record]);
  const [reach, setReach] = useState(REACH);
  const summaries = useSummaries(newest, reach);
  const wanted = useDeferredValue(search);
  const found = useMemo(() => matching(summaries, wanted, filter), [summaries, wanted, filter]);
  return (
    <div className="space-y-6">
      <PageHeading title="Federations" />
      <StartHere />
      <div className="flex flex-wrap gap-3">
        <label className="input min-w-0 flex-1">
          <span className="sr-only">Search</span>
          <input
            type="search"
            placeholder="Title, task, address or requester"
            value={search}
            maxLength={100}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <label className="select w-40">
          <span className="sr-only">Status</span>
          <select value={filter} onChange={(event) => setFilter(event.target.value)}>
            {FILTERS.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {feed.error !== null && (
        <ErrorNote problem={{ title: "The federations cannot be read", cure: feed.error }} />
      )}
      {feed.record === null && feed.error === null && <Loading label="Reading the federations" lines={8} />}
      {feed.complete && found.length === 0 && (
        <EmptyState
          title={newest.length === 0 ? "There is no federation yet" : "No federation fits this search"}
          hint={
            newest.length === 0 ? (
              <>
                <a className="link" href={href("create")}>
                  Create the first one
                </a>{" "}
                from here, or with 'minerva federation create'.
              </>
            ) : undefined
          }
        />
      )}
      <ul className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-3">
        {found.slice(0, shown).map((summary) => (
          <li key={summary.entry.address}>
            <FederationCard entry={summary.entry} />
          </li>
        ))}
      </ul>
      {found.length > shown && (
        <button type="button" className="btn" onClick={() => setShown(shown + PAGE)}>
          Show more of {formatNumber(found.length)}
        </button>
      )}
      {(search !== "" || filter !== "all") && newest.length > reach && (
        <p className="flex flex-wrap items-center gap-3 text-sm">
          Titles, tasks and states of the newest {formatNumber(reach)} of {formatNumber(newest.length)} were
          searched.
          <button type="button" className="btn btn-sm" onClick={() => setReach(reach + REACH)}>
            Search older ones
          </button>
        </p>
      )}
    </div>
  );
}

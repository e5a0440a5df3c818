import { Status } from "@/generated/enums";
import type { Summary } from "./use-summaries";

export const FILTERS: readonly { name: string; status: number | null }[] = [
  { name: "all", status: null },
  { name: "waiting", status: Status.Waiting },
  { name: "running", status: Status.Running },
  { name: "paused", status: Status.Paused },
  { name: "closed", status: Status.Closed },
];

/** The federations of a status whose title, task or addresses hold every word of the search. */
export function matching(summaries: readonly Summary[], search: string, filter: string): readonly Summary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const status = FILTERS.find(({ name }) => name === filter)?.status ?? null;
  return summaries.filter((summary) => {
    if (status !== null && summary.status !== status) return false;
    const { entry, title, task } = summary;
    const text = [title, task, entry.address, entry.requester].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

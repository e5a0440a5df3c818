import { expect, test } from "vitest";
import type { Block, Candidate, Round } from "@/features/federation/records";
import { Drop, Phase } from "@/generated/enums";
import { lineageOf, neighbour } from "./lineage";

const candidate = (index: number, dropped: Drop | null = null) =>
  ({ index, dropped, approvals: [index], rejections: [2, 3] }) as unknown as Candidate;

function round(number: number, part: Partial<Round> = {}): Round {
  return {
    number,
    phase: Phase.Training,
    voters: [0, 1, 2],
    updates: [],
    absent: [],
    candidates: [],
    block: null,
    skippedIn: null,
    ...part,
  } as unknown as Round;
}

const block = (number: number) =>
  ({ ...candidate(0), number, accepted: 2, refused: 1, approvals: [0, 1] }) as unknown as Block;

const ROUNDS = [
  round(1, {
    block: block(1),
    candidates: [candidate(1, Drop.Rejected), candidate(2, Drop.TimedOut), candidate(0)],
  }),
  round(2, { phase: Phase.Skipped, skippedIn: Phase.Verification, absent: [1] }),
  round(3, { block: block(2), candidates: [candidate(0)] }),
  round(4),
];

test("blocks follow each other, dropped candidates hang on their parent, with the reason", () => {
  const { nodes, edges, columns, lanes } = lineageOf(ROUNDS, null);
  expect([columns, lanes]).toEqual([5, 3]);
  expect(nodes.map(({ id, column, lane }) => [id, column, lane])).toEqual([
    ["genesis", 0, 0],
    ["dropped-1-1", 1, 1],
    ["dropped-1-2", 1, 2],
    ["block-1", 1, 0],
    ["round-2", 2, 0],
    ["block-2", 3, 0],
    ["round-4", 4, 0],
  ]);
  expect(nodes[1]?.words).toContain("rejected by a majority (1 for it, 2 against it, of 3 voters)");
  expect(nodes[2]?.words).toContain("not attested in time");
  expect(nodes[4]?.words).toBe(
    "Round 2 was skipped in verification: 0 updates came, 1 voter did not vote; the model is carried over",
  );
  expect(nodes[6]).toMatchObject({ kind: "open", label: "training" });
  expect(edges.map(({ from, to, solid }) => `${from.id} ${solid ? "—" : "…"} ${to.id}`)).toEqual([
    "genesis … dropped-1-1",
    "genesis … dropped-1-2",
    "genesis — block-1",
    "block-1 … round-2",
    "round-2 … block-2",
    "block-2 … round-4",
  ]);
});

test("a later part of the chain begins with the block that it follows", () => {
  const { nodes } = lineageOf(ROUNDS.slice(1), ROUNDS[0] ?? null);
  expect(nodes[0]).toMatchObject({ id: "block-1", column: 0 });
  expect(lineageOf([], null).nodes.map(({ id }) => id)).toEqual(["genesis"]);
});

test("arrow keys lead along the chain and down to what was dropped", () => {
  const { nodes } = lineageOf(ROUNDS, null);
  const walk = (start: string, ...keys: string[]) => {
    let at = nodes.find(({ id }) => id === start) ?? null;
    for (const key of keys) at = at === null ? null : neighbour(nodes, at, key);
    return at?.id ?? null;
  };
  expect(walk("genesis", "ArrowRight", "ArrowDown", "ArrowDown")).toBe("dropped-1-2");
  expect(walk("dropped-1-2", "ArrowRight")).toBe("round-2");
  expect(walk("dropped-1-1", "ArrowUp")).toBe("block-1");
  expect(walk("genesis", "End")).toBe("round-4");
  expect(walk("round-4", "Home")).toBe("genesis");
  expect([walk("genesis", "ArrowLeft"), walk("genesis", "ArrowDown"), walk("genesis", "x")]).toEqual([
    null,
    null,
    null,
  ]);
});

// The lineage of a federation's blocks as nodes on a grid: rounds from left to right, what was dropped below. Pure.
import type { Candidate, Round } from "@/features/federation/records";
import { DROP_WORDS, phaseWords } from "@/lib/phases";
import { plural } from "@/lib/text";

export type NodeKind = "genesis" | "block" | "dropped" | "skipped" | "open";

export interface LineageNode {
  id: string;
  kind: NodeKind;
  /** Columns count the rounds shown, from 1; column 0 is what they follow. Lane 0 is the chain. */
  column: number;
  lane: number;
  /** On the node: a few letters. */
  label: string;
  /** Null for the genesis. */
  round: number | null;
  /** Of a block. */
  number: number | null;
  /** What it is and why: a sentence without its full stop. */
  words: string;
}

export interface LineageEdge {
  from: LineageNode;
  to: LineageNode;
  /** Whether it leads to a block from its parent. */
  solid: boolean;
}

export interface Lineage {
  nodes: readonly LineageNode[];
  edges: readonly LineageEdge[];
  columns: number;
  lanes: number;
}

/** @param before The newest round that ended before the first of `rounds` with a block; none: the genesis. */
export function lineageOf(rounds: readonly Round[], before: Round | null): Lineage {
  const first = before?.block ? blockNode(before, 0) : GENESIS;
  const nodes: LineageNode[] = [first];
  const edges: LineageEdge[] = [];
  let main = first;
  let parent = first;
  for (const [at, round] of rounds.entries()) {
    const column = at + 1;
    const dropped = round.candidates.filter((candidate) => candidate.dropped !== null);
    for (const [lane, candidate] of dropped.entries()) {
      const node = droppedNode(round, candidate, column, lane + 1);
      nodes.push(node);
      edges.push({ from: parent, to: node, solid: false });
    }
    const node = round.block !== null ? blockNode(round, column) : pendingNode(round, column);
    nodes.push(node);
    edges.push({ from: main, to: node, solid: node.kind === "block" && main === parent });
    main = node;
    if (node.kind === "block") parent = node;
  }
  return { nodes, edges, columns: rounds.length + 1, lanes: 1 + Math.max(...nodes.map(({ lane }) => lane)) };
}

/** The node that an arrow key leads to: along the chain, or to what was dropped beneath it; null: nowhere. */
export function neighbour(nodes: readonly LineageNode[], from: LineageNode, key: string): LineageNode | null {
  const at = (column: number, lane: number) =>
    nodes.find((node) => node.column === column && node.lane === lane) ?? null;
  const beside = (column: number) => at(column, from.lane) ?? at(column, 0);
  switch (key) {
    case "ArrowLeft":
      return beside(from.column - 1);
    case "ArrowRight":
      return beside(from.column + 1);
    case "ArrowUp":
      return at(from.column, from.lane - 1);
    case "ArrowDown":
      return at(from.column, from.lane + 1);
    case "Home":
      return at(0, 0);
    case "End":
      return at(Math.max(...nodes.map(({ column }) => column)), 0);
    default:
      return null;
  }
}

const GENESIS: LineageNode = {
  id: "genesis",
  kind: "genesis",
  column: 0,
  lane: 0,
  label: "genesis",
  round: null,
  number: null,
  words: "The genesis: manifest and first model, as the federation was created with them",
};

function blockNode(round: Round, column: number): LineageNode {
  const { block } = round;
  const { number = 0, accepted = 0, refused = 0, index = 0, approvals = [] } = block ?? {};
  return {
    id: `block-${number}`,
    kind: "block",
    column,
    lane: 0,
    label: `block ${number}`,
    round: round.number,
    number,
    words:
      `Block ${number} of round ${round.number}: ${plural(accepted, "update")} accepted, ${refused} refused, ` +
      `proposed by miner ${index}, approved by ${approvals.length} of ${plural(round.voters.length, "voter")}`,
  };
}

function droppedNode(round: Round, candidate: Candidate, column: number, lane: number): LineageNode {
  const why = DROP_WORDS[candidate.dropped ?? -1] ?? "dropped";
  const { approvals, rejections } = candidate;
  return {
    id: `dropped-${round.number}-${lane}`,
    kind: "dropped",
    column,
    lane,
    label: `miner ${candidate.index}`,
    round: round.number,
    number: null,
    words:
      `Candidate ${lane} of round ${round.number}, proposed by miner ${candidate.index}: ${why} ` +
      `(${approvals.length} for it, ${rejections.length} against it, of ${plural(round.voters.length, "voter")})`,
  };
}

function pendingNode(round: Round, column: number): LineageNode {
  const skipped = round.skippedIn !== null;
  return {
    id: `round-${round.number}`,
    kind: skipped ? "skipped" : "open",
    column,
    lane: 0,
    label: skipped ? "skipped" : phaseWords(round.phase),
    round: round.number,
    number: null,
    words: skipped ? skippedWords(round) : `Round ${round.number} is in ${phaseWords(round.phase)}`,
  };
}

function skippedWords(round: Round): string {
  const head = `Round ${round.number} was skipped in ${phaseWords(round.skippedIn ?? -1)}`;
  const dropped = round.candidates.filter((candidate) => candidate.dropped !== null).length;
  const reasons = [
    `${plural(round.updates.length, "update")} came`,
    ...(round.absent.length > 0 ? [`${plural(round.absent.length, "voter")} did not vote`] : []),
    ...(dropped > 0 ? [`${plural(dropped, "candidate")} dropped`] : []),
  ];
  return `${head}: ${reasons.join(", ")}; the model is carried over`;
}

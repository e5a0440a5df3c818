// Figures that somebody measured of a federation's models and published (docs/webui.md). A stranger's document.
import { getAddress, type Hex, isAddress, isHash } from "viem";
import type { Round } from "@/features/federation/records";
import { arrayField, asObject, field, integerField, parseObject } from "@/lib/json";
import { cleanText } from "@/lib/text";

/** Figures by name. */
export type Metrics = ReadonlyMap<string, number>;

export interface Measured {
  round: number;
  /** The block whose model was measured; null of a baseline. */
  block: Hex | null;
  metrics: Metrics;
}

export interface Baseline {
  name: string;
  words: string;
  rounds: readonly Measured[];
}

export interface Results {
  chainId: number | null;
  federation: string;
  measuredOn: string;
  rounds: readonly Measured[];
  baselines: readonly Baseline[];
}

const MOST_ROUNDS = 100_000;
const MOST_METRICS = 8;
const MOST_BASELINES = 3;

/** Read it; null when it is no such document of version 1. What is not as it should be is left out. */
export function readResults(data: Uint8Array): Results | null {
  const document = parseObject(data);
  if (document === null || integerField(document, "minerva_results") !== 1) return null;
  const federation = field(document, "federation");
  return {
    chainId: integerField(document, "chain_id"),
    federation: typeof federation === "string" && isAddress(federation) ? getAddress(federation) : "",
    measuredOn: cleanText(field(document, "measured_on")),
    rounds: readRounds(document),
    baselines: arrayField(document, "baselines", MOST_BASELINES).map((value) => {
      const baseline = asObject(value);
      return {
        name: cleanText(field(baseline, "name"), 40) || "baseline",
        words: cleanText(field(baseline, "words")),
        rounds: readRounds(baseline),
      };
    }),
  };
}

export interface Matched {
  /** Those rounds that name the block which the chain has of them. */
  rounds: readonly Measured[];
  /** How many name another one. */
  strange: number;
}

/** Which of the figures are of this federation's blocks; a text says why none can be. */
export function matched(
  results: Results,
  chainId: number,
  federation: string,
  rounds: readonly Round[],
): Matched | string {
  if (results.chainId !== chainId || results.federation !== federation)
    return "they are of another federation";
  const blocks = new Map(rounds.map(({ number, block }) => [number, block?.hash]));
  const own = results.rounds.filter(({ round, block }) => block !== null && blocks.get(round) === block);
  const strange = results.rounds.length - own.length;
  return own.length === 0 && strange > 0
    ? "they name blocks that this chain does not have"
    : { rounds: own, strange };
}

/** One row for each round, with the federation's figure and each baseline's; only finite ones. */
export function lines(
  metric: string,
  rounds: readonly Measured[],
  baselines: readonly Baseline[],
): readonly Readonly<Record<string, number>>[] {
  const rows = new Map<number, Record<string, number>>();
  const put = (key: string, from: readonly Measured[]) => {
    for (const { round, metrics } of from) {
      const value = metrics.get(metric);
      if (value === undefined) continue;
      const row = rows.get(round) ?? { round };
      row[key] = value;
      rows.set(round, row);
    }
  };
  put("own", rounds);
  baselines.forEach((baseline, at) => {
    put(`baseline${at}`, baseline.rounds);
  });
  return [...rows.values()].sort((one, other) => (one.round ?? 0) - (other.round ?? 0));
}

export interface Measurement {
  round: number;
  block: Hex | null;
  value: number;
}

/** The last figure of a name, and its round. */
export function last(metric: string, rounds: readonly Measured[]): Measurement | null {
  const found = rounds.findLast(({ metrics }) => metrics.has(metric));
  const value = found?.metrics.get(metric);
  return found === undefined || value === undefined
    ? null
    : { round: found.round, block: found.block, value };
}

function readRounds(holder: Parameters<typeof arrayField>[0]): Measured[] {
  const found = new Map<number, Measured>();
  for (const value of arrayField(holder, "rounds", MOST_ROUNDS)) {
    const entry = asObject(value);
    const round = integerField(entry, "round");
    if (round === null || round < 1 || found.has(round)) continue;
    const block = field(entry, "block");
    found.set(round, {
      round,
      block: typeof block === "string" && isHash(block) ? (block.toLowerCase() as Hex) : null,
      metrics: readMetrics(field(entry, "metrics")),
    });
  }
  return [...found.values()].sort((one, other) => one.round - other.round);
}

function readMetrics(value: unknown): Metrics {
  const pairs = Object.entries(asObject(value) ?? {}).slice(0, MOST_METRICS);
  return new Map(
    pairs.flatMap(([name, figure]) =>
      typeof figure === "number" && Number.isFinite(figure) ? [[cleanText(name, 40), figure] as const] : [],
    ),
  );
}

import { type Address, getAddress, type Hex } from "viem";
import { expect, test } from "vitest";
import type { Federation, Round } from "@/features/federation/records";
import { formatAmount } from "@/lib/format";
import { earnedByBody, earnedByRounds, earnedProof, earnedRoot } from "./earned";
import { attesters, factsOf, grantsOf, type Receipt, type RoundFacts, receiptOf, tableOf } from "./table";
import vectors from "./vectors.json";
import { receiptLines } from "./words";

type Vector = (typeof vectors.rounds)[number];

function facts(vector: Vector): RoundFacts {
  const ballots = Object.entries(vector.ballots).flatMap(([index, verdicts]) =>
    verdicts === null ? [] : [[Number(index), verdicts as Hex] as const],
  );
  const voters = Object.entries(vector.voters).map(
    ([index, owner]) => [Number(index), owner as Address] as const,
  );
  return {
    round: vector.round,
    updates: vector.updates as RoundFacts["updates"],
    outcomes: vector.outcomes,
    sampleCap: vector.sampleCap,
    voters: new Map(voters),
    ballots: new Map(ballots),
    proposer: vector.proposer as Address,
  };
}

const terms = (vector: Vector) => ({
  perRound: BigInt(vector.perRound),
  dataBps: 5000,
  proposerBps: 1500,
  ballotBps: 2500,
  attesterBps: 1000,
});

/** With sums and large numbers as digits, as the vectors have them. */
const digits = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? inner.toString() : inner)));

test("a block's table and everybody's receipt are those of the client (Y4)", () => {
  for (const vector of vectors.rounds) {
    const table = tableOf(facts(vector), terms(vector));
    const grants = grantsOf(table);
    expect(digits(Object.fromEntries(grants))).toEqual(vector.grants);
    expect([...grants.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(BigInt(vector.total));
    for (const expected of vector.receipts) {
      const { attestation, data, ...rest } = receiptOf(table, expected.account as Address, 5n);
      const told = digits({ ...rest, data: data === null ? null : { ...data, total: Number(data.total) } });
      const { attestation: paid, ...others } = expected;
      expect(told).toEqual(others);
      expect(attestation.toString()).toBe(paid.amount);
    }
  }
});

test("voters are those who voted, or were to, when Verification closed: later replacements change nothing (Y4)", () => {
  const owner = (digit: string) => `0x${digit.repeat(40)}` as Address;
  const update = {
    device: owner("d"),
    samples: 5,
    epochs: 1,
    outcome: { accepted: true, quality: 191, reason: 0 },
  };
  const round = {
    number: 1,
    miners: new Map([0, 1, 2].map((index) => [index, owner(String(index + 1))])),
    voters: [0, 1],
    ballots: new Map([[0, "0xff"]]),
    absent: [2],
    updates: [update],
    block: { index: 0, approvals: [0, 1] },
  } as unknown as Round;
  const miners = new Map(["1", "2", "3"].map((digit) => [owner(digit), { owner: owner(digit) }]));
  const record = { miners, rounds: [round] } as unknown as Federation;
  const found = factsOf(record, round, 4);
  expect([...(found?.voters ?? [])]).toEqual([
    [0, owner("1")],
    [2, owner("3")],
  ]);
  expect([...attesters(record, round)]).toEqual([owner("1"), owner("2")]);
  expect(factsOf(record, { ...round, block: null }, 4)).toBeNull();
  const paid = earnedByRounds(record, { ...terms(vectors.rounds[0] as Vector), perRound: 10_000n }, 4);
  expect(Object.fromEntries(paid)).toEqual({ [owner("d")]: 5000n, [owner("1")]: 1500n + 1250n });
});

test("a receipt is said in words", () => {
  const [vector] = vectors.rounds;
  if (vector === undefined) throw new Error("no vector");
  const table = tableOf(facts(vector), terms(vector));
  const money = (amount: bigint) => formatAmount(amount);
  const lines = (account: string, attestation: bigint) =>
    receiptLines(receiptOf(table, account as Address, attestation), money);
  const device = vector.updates[1]?.device ?? "";
  expect(lines(device, 0n)).toEqual([
    expect.stringMatching(
      /^0\.\d+ ETH for its update: 250 counted samples times quality 77 of 191 are 19,250 of [\d,]+ in all accepted updates/,
    ),
  ]);
  const words = lines(vector.proposer, 10n ** 15n).join("\n");
  expect(words).toContain("for the block that it proposed: the block holds");
  expect(words).toContain("verdicts say what the majority found, over 4 updates and 4 voters");
  expect(words).toContain("0.001 ETH for having attested the block.");
  const nobody: Receipt = receiptOf(table, "0x9999999999999999999999999999999999999999", 0n);
  expect(receiptLines(nobody, money)).toEqual([expect.stringContaining("had no accepted update")]);
});

test("root and proofs of what was earned are those of the client (Y5)", () => {
  for (const { earned, root, proofs } of vectors.tables) {
    const sums = earnedByBody(new TextEncoder().encode(JSON.stringify({ earned })));
    if (sums === null) throw new Error("not read");
    expect(earnedRoot(sums)).toBe(root);
    for (const [account, proof] of Object.entries(proofs)) {
      expect(earnedProof(sums, getAddress(account))).toEqual(proof);
    }
  }
  expect(earnedProof(new Map(), "0x9999999999999999999999999999999999999999")).toBeNull();
  expect(earnedRoot(new Map())).toBe(`0x${"0".repeat(64)}`);
});

test("a body that states no sums is not used", () => {
  const account = `0x${"1".repeat(40)}`;
  for (const earned of [
    [],
    5,
    null,
    { [account]: 5 },
    { [account]: "-5" },
    { [account]: "0" },
    { [account]: "9".repeat(5000) },
    { someone: "5" },
  ]) {
    expect(earnedByBody(new TextEncoder().encode(JSON.stringify({ earned })))).toBeNull();
  }
  expect(earnedByBody(Uint8Array.of(0xff))).toBeNull();
});

test("a body with more sums than are looked at states none", () => {
  const entries = Array.from({ length: 100_001 }, (_, at) => [`0x${String(at).padStart(40, "0")}`, "1"]);
  const body = (sums: typeof entries) =>
    new TextEncoder().encode(JSON.stringify({ earned: Object.fromEntries(sums) }));
  expect(earnedByBody(body(entries.slice(1, 3)))?.size).toBe(2);
  expect(earnedByBody(body(entries))).toBeNull();
});

import { expect, test } from "vitest";
import { claimableOf, claimLabel } from "./claimable";

const ACCOUNT = "0x1111111111111111111111111111111111111111";
const POSITION = { claimed: 3n, attested: 2n };
const TABLE = { earned: new Map([[ACCOUNT, 10n] as const]), lost: false };

test("what blocks brought is claimed with what attesting did", () => {
  const all = claimableOf(ACCOUNT, POSITION, TABLE, true);
  expect(all).toEqual({ known: "all", byTable: 7n, sum: 9n });
  expect(claimLabel(all)).toBe("Claim all of it");
});

test("nothing is said to be all, or nothing, while a part of it is not known", () => {
  const reading = [
    claimableOf(ACCOUNT, POSITION, { earned: null, lost: false }, true),
    claimableOf(ACCOUNT, undefined, TABLE, true),
    claimableOf(ACCOUNT, POSITION, TABLE, false),
  ];
  for (const state of reading) {
    expect(state.sum).toBe(0n);
    expect(claimLabel(state)).toBe("What you may claim is being read");
  }
});

test("where nobody serves the table, attestations are offered by their own name", () => {
  const lost = claimableOf(ACCOUNT, POSITION, { earned: null, lost: true }, true);
  expect(lost).toEqual({ known: "attestations", byTable: 0n, sum: 2n });
  expect(claimLabel(lost)).toBe("Claim only what attesting brought");
  const nothing = claimableOf(ACCOUNT, { claimed: 0n, attested: 0n }, { earned: null, lost: true }, true);
  expect(claimLabel(nothing)).toBe("What blocks brought is not known");
});

test("nothing to claim is said where all is known", () => {
  const claimed = claimableOf(ACCOUNT, { claimed: 10n, attested: 0n }, TABLE, true);
  expect(claimLabel(claimed)).toBe("Nothing to claim yet");
});

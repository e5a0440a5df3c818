import type { Address } from "viem";
import { expect, test } from "vitest";
import { pauseUsedUp, permission, ROLES } from "./permissions";

const REQUESTER: Address = "0x1111111111111111111111111111111111111111";
const PAUSER: Address = "0x2222222222222222222222222222222222222222";
const STRANGER: Address = "0x3333333333333333333333333333333333333333";
const record = {
  roles: new Map([
    [ROLES.pauser, [REQUESTER, PAUSER]],
    [ROLES.governor, [REQUESTER]],
  ]) as ReadonlyMap<`0x${string}`, readonly Address[]>,
};

test("a role's holders may, others are told who may (A2)", () => {
  expect(permission("pauser", PAUSER, record, REQUESTER).allowed).toBe(true);
  expect(permission("governor", PAUSER, record, REQUESTER)).toEqual({
    allowed: false,
    words: "whoever has the role of governor",
    who: [REQUESTER],
  });
  expect(permission("requester", STRANGER, record, REQUESTER).who).toEqual([REQUESTER]);
  expect(permission("anyone", STRANGER, record, REQUESTER).allowed).toBe(true);
});

test("without a wallet nothing may be done, and a role that was taken from all is nobody's", () => {
  expect(permission("anyone", null, record, REQUESTER).allowed).toBe(false);
  expect(permission("governor", REQUESTER, { roles: new Map() }, REQUESTER)).toMatchObject({
    allowed: false,
    who: [],
  });
});

test("anyone may end a pause that is used up (P10)", () => {
  const state = { pausedAt: 1000, pausedSeconds: 40 };
  expect(pauseUsedUp(state, 100, 1059)).toBe(false);
  expect(pauseUsedUp(state, 100, 1060)).toBe(true);
  expect(pauseUsedUp({ pausedAt: 0, pausedSeconds: 0 }, 0, 5000)).toBe(false);
});

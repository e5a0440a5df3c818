import {
  BaseError,
  encodeErrorResult,
  HttpRequestError,
  parseAbi,
  ResourceUnavailableRpcError,
  SwitchChainError,
  UserRejectedRequestError,
} from "viem";
import { expect, test } from "vitest";
import { ERROR_ABI, ERROR_WORDS } from "@/generated/errors";
import { nameCoin } from "./coin";
import { cannotPay, explain, explainRevert, isRefusal } from "./errors";

const HEX = /0x[0-9a-f]{8}/i;
const full = encodeErrorResult({
  abi: parseAbi(["error FederationMinersFull(uint8 maxMiners)"]),
  errorName: "FederationMinersFull",
  args: [16],
});

test("a contract's error is told in the words of docs/errors.md", () => {
  const problem = explainRevert(full);
  expect(problem.name).toBe("FederationMinersFull");
  expect(problem.title).toBe("The federation has as many miners as it takes");
  expect(problem.cure).toMatch(/Wait until one leaves/);
  expect(problem.values).toEqual([["maxMiners", "16"]]);
});

test("of an error's values bytes are told by their number, and hashes short", () => {
  const bytes = encodeErrorResult({
    abi: parseAbi(["error ConsensusInvalidParameters(bytes parameters)"]),
    args: [`0x${"ab".repeat(96)}`],
  });
  expect(explainRevert(bytes).values).toEqual([["parameters", "96 bytes"]]);
  const role = encodeErrorResult({
    abi: parseAbi(["error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)"]),
    args: ["0x00000000000000000000000000000000000000AA", `0x${"cd".repeat(32)}`],
  });
  expect(explainRevert(role).values).toEqual([
    ["account", "0x00000000000000000000000000000000000000AA"],
    ["neededRole", "0xcdcdcdcd…cdcdcd"],
  ]);
});

test("the error is found wherever a wallet puts it", () => {
  const packed = [
    new BaseError("failed", { cause: Object.assign(new Error("reverted"), { data: full }) }),
    Object.assign(new Error("Internal JSON-RPC error."), { code: -32603, data: { code: 3, data: full } }),
    Object.assign(new Error("x"), { data: { originalError: { data: full } } }),
  ];
  for (const error of packed) expect(explain(error).name).toBe("FederationMinersFull");
});

test("what the user declines is no error", () => {
  expect(isRefusal(new UserRejectedRequestError(new Error("no")))).toBe(true);
  expect(isRefusal(new BaseError("failed", { cause: Object.assign(new Error("no"), { code: 4001 }) }))).toBe(
    true,
  );
  expect(isRefusal(new Error("no"))).toBe(false);
});

test("what goes wrong while a wallet adds a network is no refusal, whatever it is wrapped in", () => {
  const cause = Object.assign(new Error("Expected an RPC with a secure connection"), { code: -32602 });
  const wrapped = new UserRejectedRequestError(cause);
  expect(isRefusal(wrapped)).toBe(false);
  expect(explain(wrapped).title).toContain("secure connection");
});

test("a wallet that shows a question still says so by its code", () => {
  const busy = Object.assign(new Error("Already processing eth_requestAccounts."), { code: -32002 });
  for (const error of [busy, new ResourceUnavailableRpcError(busy), new SwitchChainError(busy)]) {
    expect(explain(error).title).toBe("The wallet waits for you already");
  }
});

test("an account that cannot pay is told what it lacks", () => {
  const { cure } = cannotPay({ has: 10n ** 15n, needs: 10n ** 18n });
  expect(cure).toMatch(/^It has 0\.001 ETH and needs up to 1 ETH\. Send/);
});

test("an account that cannot pay is told to get the chain's own coin", () => {
  nameCoin("POL");
  expect(cannotPay().cure).toContain("some POL of this network");
  nameCoin("ETH");
});

test("no problem shows raw hex", () => {
  const errors = [
    explainRevert("0xdeadbeef"),
    explainRevert("0x"),
    explain(new Error(`reverted with 0x${"ab".repeat(200)}`)),
    explain({ message: 5 }),
    explain(null),
    explain(new HttpRequestError({ url: "http://127.0.0.1:1" })),
  ];
  for (const { title, cure } of errors) {
    expect(title).not.toMatch(HEX);
    expect(title.length).toBeGreaterThan(5);
    expect(cure.length).toBeGreaterThan(5);
  }
});

test("every error that the contracts can raise has its words", () => {
  const own = ERROR_ABI.map(({ name }) => name).filter((name) =>
    /^(Federation|Factory|Miner|Consensus|Stake|Reward|Policy)/.test(name),
  );
  expect(own.length).toBeGreaterThan(50);
  expect(own.filter((name) => ERROR_WORDS[name] === undefined)).toEqual([]);
});

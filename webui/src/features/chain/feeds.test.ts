import { expect, test } from "vitest";
import { Feeds } from "./feeds";
import type { ChainSession } from "./session";

const NETWORK = { chainId: 31337, factory: "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707", block: 0 };
const ONE = "0x1111111111111111111111111111111111111111";

test("a federation that was created in another block, on another branch, is read from there on", () => {
  const feeds = new Feeds({ network: NETWORK } as unknown as ChainSession);
  const late = feeds.federation(ONE, 9);
  expect(feeds.federation(ONE, 9)).toBe(late);
  expect(feeds.federation(ONE, 4)).not.toBe(late);
});

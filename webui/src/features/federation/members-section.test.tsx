import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { MembersSection } from "./members-section";
import type { Federation, Miner } from "./records";

import { isSilent, standing } from "./selectors";

const MINER: Miner = {
  index: 0,
  owner: "0x1111111111111111111111111111111111111111",
  contract: "0x2222222222222222222222222222222222222222",
  endpoint: "<img src=x onerror=alert(1)>",
  status: "member",
  expelled: false,
  joined: { block: 1, tx: "0x", time: 0 },
  votes: 0,
  absences: 0,
  proposed: 0,
  mined: 0,
  devices: 0,
  weight: null,
  bonded: 2_500_000n,
  slashes: [],
};
const FEDERATION = {
  miners: new Map([[MINER.contract, MINER]]),
  devices: new Map(),
} as unknown as Federation;

const STATE = { members: 1n, dormant: 0n, leaving: 0n };
const USUAL = { reputation: false, isSilent: () => false };
const shown = (stake: Parameters<typeof MembersSection>[0]["stake"]) =>
  renderToStaticMarkup(<MembersSection federation={FEDERATION} state={STATE} stake={stake} {...USUAL} />);

test("a stake is told in its token, and as none where nothing is staked", () => {
  const token = "0x4444444444444444444444444444444444444444" as const;
  expect(shown({ token, symbol: "USDX", decimals: 6 })).toContain("2.5 USDX");
  expect(shown({ token: null, symbol: "ETH", decimals: 18 })).toContain("&lt; 0.000001 ETH");
  const none = shown(null);
  expect(none).toContain("none");
  expect(none).not.toContain("ETH");
});

test("a hostile token's symbol stays a short text", () => {
  const token = "0x4444444444444444444444444444444444444444" as const;
  const html = shown({ token, symbol: "\u202E<script>alert(1)</script>", decimals: 0 });
  expect(html).toContain("2,500,000 &lt;script&gt;");
  expect(html).not.toContain("<script");
  expect(html).not.toContain("\u202E");
  expect(shown({ token, symbol: "\u200B\u202E", decimals: 0 })).toContain("2,500,000 tokens");
});

test("a miner's endpoint is never markup", () => {
  expect(shown(null)).not.toContain("<img");
});

test("a device whose miner left is not said to be with the next miner of that number", () => {
  const next: Miner = { ...MINER, contract: "0x3333333333333333333333333333333333333333" };
  const gone: Miner = { ...MINER, status: "left" };
  const device = { address: MINER.owner, miner: gone.contract, fromRound: 1, datasetSize: 1, lastSeen: 0 };
  const federation = {
    miners: new Map([gone, next].map((miner) => [miner.contract, miner])),
    devices: new Map([
      [device.address, { ...device, submitted: 0, accepted: 0, refused: 0, lastRefusal: null }],
    ]),
  } as unknown as Federation;
  const html = renderToStaticMarkup(
    <MembersSection federation={federation} state={STATE} stake={null} {...USUAL} />,
  );
  expect(html).toContain("its miner is gone");
  expect(html).not.toContain("with miner 0");
});

test("what a miner is, is what the contract says of its index now; one that left stays gone", () => {
  const masks = { members: 0b1110n, dormant: 0b1100n, leaving: 0b1000n };
  const told = [0, 1, 2, 3].map((index) => standing({ index, status: "member" }, masks));
  expect(told).toEqual(["member", "member", "dormant", "leaving"]);
  expect(standing({ index: 1, status: "dormant" }, masks)).toBe("member");
  expect(standing({ index: 1, status: "left" }, masks)).toBe("left");
  const html = renderToStaticMarkup(
    <MembersSection federation={FEDERATION} state={{ ...STATE, dormant: 1n }} stake={null} {...USUAL} />,
  );
  expect(html).toContain("dormant");
});

test("a weight is called reputation where it is that, and devices that rounds do not wait for are marked", () => {
  expect(shown(null)).not.toContain("Reputation");
  const device = {
    miner: MINER.contract,
    fromRound: 1,
    datasetSize: 1,
    submitted: 0,
    accepted: 0,
    refused: 0,
  };
  const devices = [2, 3].map((lastSeen) => {
    const address = `${MINER.owner.slice(0, -1)}${lastSeen}`;
    return [address, { ...device, address, lastSeen, lastRefusal: null }] as const;
  });
  const federation = { miners: FEDERATION.miners, devices: new Map(devices) } as unknown as Federation;
  const html = renderToStaticMarkup(
    <MembersSection
      federation={federation}
      state={STATE}
      stake={null}
      reputation
      isSilent={(one) => isSilent(one, 5, 3)}
    />,
  );
  expect(html).toContain("Reputation");
  expect(html.split("rounds do not wait for it")).toHaveLength(2);
});

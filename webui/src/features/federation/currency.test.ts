import {
  createPublicClient,
  custom,
  defineChain,
  encodeAbiParameters,
  type Hex,
  RpcRequestError,
} from "viem";
import { expect, test } from "vitest";
import type { ChainClient } from "@/features/chain/client";
import { readCurrency } from "./use-federation-state";

const TOKEN = "0x4444444444444444444444444444444444444444";
const SYMBOL = "0x95d89b41";
const CHAIN = defineChain({
  id: 31337,
  name: "test",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: ["http://gone"] } },
});
const USDX = encodeAbiParameters([{ type: "string" }], ["USDX"]);

/** A client of a chain where the token answers so, or fails, when it is asked for its decimals. */
function clientOf(decimals: Hex | Error): ChainClient {
  const request = async ({ params }: { params?: unknown }) => {
    const [{ data }] = params as [{ data: Hex }];
    const answer = data.startsWith(SYMBOL) ? USDX : decimals;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return createPublicClient({
    chain: CHAIN,
    transport: custom({ request }, { retryCount: 0 }),
  }) as unknown as ChainClient;
}

function refusal(code: number, message: string): Error {
  return new RpcRequestError({ body: {}, url: "http://gone", error: { code, message } });
}

const word = (value: bigint) => encodeAbiParameters([{ type: "uint256" }], [value]);

test("a token tells its decimals", async () => {
  expect(await readCurrency(clientOf(word(6n)), TOKEN)).toEqual({
    token: TOKEN,
    symbol: "USDX",
    decimals: 6,
  });
  expect((await readCurrency(clientOf(word(0n)), TOKEN)).decimals).toBe(0);
});

test("decimals that a token does not tell, or that are none, are not known", async () => {
  const silent = ["0x", "0x1234", word(37n), word(2n ** 255n)] as const;
  const refused = [refusal(3, "execution reverted"), refusal(-32603, "VM Exception: reverted")];
  for (const answer of [...silent, ...refused])
    expect((await readCurrency(clientOf(answer), TOKEN)).decimals, String(answer)).toBeNull();
});

test("an RPC that fails says nothing of the token", async () => {
  for (const error of [new Error("timed out"), refusal(-32603, "busy"), refusal(-32005, "too many requests")])
    await expect(readCurrency(clientOf(error), TOKEN), error.message).rejects.toThrow();
});

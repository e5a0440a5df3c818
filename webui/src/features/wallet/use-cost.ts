import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import type { ChainClient } from "@/features/chain/client";
import { useChainStatus, useSession } from "@/features/chain/context";
import { explain, type Problem } from "@/lib/errors";
import type { Call } from "./call";
import { useWallet } from "./use-wallet";

export interface Cost {
  gas: bigint;
  /** The most that the gas costs, in wei; what the call itself sends comes on top. */
  fee: bigint;
}

/** Either what a call would cost now, or why the contract would refuse it. */
export type Estimate = { cost: Cost; problem: null } | { cost: null; problem: Problem };

/** What a call would cost this account, before anything is signed; null without a call or an account. `as`: whose, without a wallet. */
export function useCost(call: Call | null, as: Address | null = null): Estimate | null {
  const { client } = useSession();
  const { head } = useChainStatus();
  const wallet = useWallet();
  const account = wallet.account ?? as;
  const { data } = useQuery({
    queryKey: ["cost", account, call?.to, call?.data, call?.value.toString(), head?.hash],
    enabled: call !== null && account !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    retry: false,
    queryFn: () => (call === null || account === null ? null : estimate(client, account, call)),
  });
  return call === null || account === null ? null : (data ?? null);
}

export async function estimate(client: ChainClient, account: Address, call: Call): Promise<Estimate> {
  try {
    const [gas, fees] = await Promise.all([
      client.estimateGas({ account, to: call.to, data: call.data, value: call.value }),
      client.estimateFeesPerGas(),
    ]);
    return { cost: { gas, fee: gas * fees.maxFeePerGas }, problem: null };
  } catch (error) {
    return { cost: null, problem: explain(error) };
  }
}

import { useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import type { ChainClient } from "@/features/chain/client";
import { useChainStatus, useSession } from "@/features/chain/context";
import { cannotPay, explain, type Problem } from "@/lib/errors";
import type { Call } from "./call";
import { useWallet } from "./use-wallet";

export interface Cost {
  /** With a fifth to spare: what a call needs may change until it is in a block. */
  gas: bigint;
  /** The most that the gas costs, in wei; what the call itself sends comes on top. */
  fee: bigint;
}

/** What a call would cost now; null where the contract would refuse it. The problem says why it cannot be sent. */
export interface Estimate {
  cost: Cost | null;
  problem: Problem | null;
}

/** What a call would cost this account, before anything is signed; null without a call or an account. `as`: whose, without a wallet. */
export function useCost(call: Call | null, as: Address | null = null): Estimate | null {
  const { client } = useSession();
  const { head } = useChainStatus();
  const wallet = useWallet();
  const account = wallet.account ?? as;
  const asked = ["cost", account, call?.to, call?.data, call?.value.toString()];
  const { data } = useQuery({
    queryKey: [...asked, head?.hash],
    enabled: call !== null && account !== null,
    placeholderData: (kept, query) => (isSame(asked, query?.queryKey) ? kept : undefined),
    gcTime: 5_000,
    retry: false,
    queryFn: () =>
      call === null || account === null ? null : estimate(client, account, call, wallet.account !== null),
  });
  return call === null || account === null ? null : (data ?? null);
}

/** Whether a query asked the same before, of another block: what another account or call would cost says nothing of this one. */
export function isSame(asked: readonly unknown[], key: readonly unknown[] | undefined): boolean {
  return asked.every((part, at) => key?.[at] === part);
}

/** `pays`: the account is the one that will pay, so that it must be able to. */
export async function estimate(
  client: ChainClient,
  account: Address,
  call: Call,
  pays = true,
): Promise<Estimate> {
  try {
    const [gas, fees, has] = await Promise.all([
      client.estimateGas({ account, to: call.to, data: call.data, value: call.value }),
      client.estimateFeesPerGas(),
      client.getBalance({ address: account }),
    ]);
    const limit = (gas * 6n) / 5n;
    const cost = { gas: limit, fee: limit * fees.maxFeePerGas };
    const needs = cost.fee + call.value;
    return { cost, problem: pays && has < needs ? cannotPay({ has, needs }) : null };
  } catch (error) {
    return { cost: null, problem: explain(error) };
  }
}

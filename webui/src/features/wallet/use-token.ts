import { useQuery } from "@tanstack/react-query";
import { getAddress, isAddress, zeroAddress } from "viem";
import { useChainStatus, useSession } from "@/features/chain/context";
import { type Currency, readCurrency } from "@/features/federation/use-federation-state";
import { COIN } from "@/lib/coin";

/** The currency that a text names: ether where it is empty; null while it is none, or is being looked up. */
export function useToken(text: string): Currency | null {
  const { client } = useSession();
  const { generation } = useChainStatus();
  const named = text.trim();
  const token = isAddress(named) && named !== zeroAddress ? getAddress(named) : null;
  const { data } = useQuery({
    queryKey: ["token", generation, token],
    enabled: token !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (token === null || (await client.getCode({ address: token })) === undefined) return null;
      return readCurrency(client, token);
    },
  });
  return named === "" ? COIN : (data ?? null);
}

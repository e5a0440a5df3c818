import { useMutation } from "@tanstack/react-query";
import { useRuntime } from "@/features/chain/context";
import { fetchContent } from "@/features/content/gateway";
import { modelLimits } from "@/features/content/model";
import type { Cid } from "@/lib/cid";
import { readSafetensors, type Safetensors } from "@/lib/safetensors";

export interface FetchedModel {
  data: Uint8Array;
  /** A text says why the bytes are no safetensors. */
  file: Safetensors | string;
}

/** Fetch a model on demand: it may be large, and is kept no longer than its page is open. */
export function useModel(cid: Cid, maxModelBytes: number) {
  const { gateway } = useRuntime().network;
  return useMutation({
    mutationFn: async (): Promise<FetchedModel> => {
      const data = await fetchContent(gateway, cid, modelLimits(maxModelBytes));
      return { data, file: readSafetensors(data) };
    },
  });
}

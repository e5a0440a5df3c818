import { useMutation } from "@tanstack/react-query";
import type { ChainClient } from "@/features/chain/client";
import { useRuntime, useSession } from "@/features/chain/context";
import { BODY_LIMITS, parseBody } from "@/features/content/body";
import { ContentError, fetchContent, type Limits } from "@/features/content/gateway";
import { readManifest } from "@/features/content/manifest";
import { modelLimits } from "@/features/content/model";
import { MANIFEST_LIMITS } from "@/features/content/use-content";
import { sampleCapOf } from "@/features/rewards/use-earned";
import { federationAbi } from "@/generated/abi";
import type { Body } from "@/lib/body";
import type { Cid } from "@/lib/cid";
import { type NetworkConfig, nameOf } from "@/lib/runtime";
import type { BlockView } from "./block-page";
import { type Check, checkBlock, type Fetched } from "./checks";

/** Check a block on demand, with everything fetched anew. */
export function useVerification(view: BlockView) {
  const { client } = useSession();
  const { network } = useRuntime();
  return useMutation({ mutationFn: () => verify(view, client, network) });
}

async function verify(
  view: BlockView,
  client: ChainClient,
  { chainId, gateway, consensus }: NetworkConfig,
): Promise<Check[]> {
  const { record, config, block, parent, round } = view;
  const fetchBody = (cid: Cid) => fetched(gateway, cid, BODY_LIMITS, readWhole);
  const pays = config.rewards !== null;
  const [kept, body, parentBody, aggregation, model] = await Promise.all([
    client
      .readContract({
        address: record.address,
        abi: federationAbi,
        functionName: "blockOf",
        args: [block.round],
      })
      .catch(() => null),
    fetchBody(block.header.body),
    parent === null || !pays ? null : fetchBody(parent.header.body),
    fetched(gateway, config.manifest, MANIFEST_LIMITS, readAggregation),
    fetched(gateway, block.header.model, modelLimits(config.maxModelBytes), () => null),
  ]);
  const scene = {
    chainId,
    federation: record.address,
    manifest: config.manifest,
    genesisModel: config.model,
    block,
    parent,
    round,
    kept,
    consensus: nameOf(consensus, block.module ?? config.consensus),
    pays,
  };
  return checkBlock(scene, { body, parentBody, aggregation, model });
}

function readWhole(data: Uint8Array): Body | string {
  const { body } = parseBody(data);
  return typeof body === "string" ? `its bytes are no body: ${body}` : body;
}

function readAggregation(data: Uint8Array): Body["aggregation"] | string {
  const manifest = readManifest(data);
  if (manifest === null) return "its bytes are no manifest";
  return { rule: manifest.aggregation, sampleCap: BigInt(sampleCapOf(manifest)) };
}

/** Fetch, check and read; a text of `read` says why the bytes are not what they should be. */
async function fetched<T>(
  gateway: string,
  cid: Cid,
  limits: Limits,
  read: (data: Uint8Array) => T | string,
): Promise<Fetched<T>> {
  try {
    const data = await fetchContent(gateway, cid, limits);
    const value = read(data);
    return typeof value === "string"
      ? { kind: "malformed", words: value, bytes: data.length }
      : { kind: "read", value, bytes: data.length };
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    return { kind: error.kind === "other bytes" ? "other" : "missing", words: error.message };
  }
}

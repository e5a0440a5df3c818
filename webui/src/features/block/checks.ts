// What a browser can recompute of a block from the chain's events and fetched bytes, and what came of it. Pure.
import { type Address, type Hex, numberToHex } from "viem";
import type { Block, Round } from "@/features/federation/records";
import { type Body, countedWeights } from "@/lib/body";
import { type Cid, sameCid } from "@/lib/cid";
import { shorten } from "@/lib/format";
import { genesisHash, headerHash, updateLeaf } from "@/lib/hashes";
import { meets, workOf } from "@/lib/proof-of-work";
import { ballotsRoot, merkleRoot, rewardsRoot, updatesRoot, ZERO32 } from "@/lib/roots";
import { plural } from "@/lib/text";

export interface Check {
  name: string;
  state: "ok" | "differs" | "unchecked";
  /** What was compared, or why it was not: a phrase. */
  words: string;
}

/** Bytes behind a CID as they came: what they hold, `malformed` ones, `other` bytes than it names, or none at all. */
export type Fetched<T> =
  | { kind: "read"; value: T; bytes: number }
  | { kind: "malformed"; words: string; bytes: number }
  | { kind: "other"; words: string }
  | { kind: "missing"; words: string };

/** What the chain says, beside the block itself. */
export interface Scene {
  chainId: number;
  federation: Address;
  manifest: Cid;
  genesisModel: Cid;
  block: Pick<Block, "header" | "hash" | "number" | "difficulty" | "module">;
  parent: Pick<Block, "header" | "hash"> | null;
  round: Pick<Round, "snapshot" | "updates" | "ballots" | "absent">;
  /** The hash that the contract keeps for the round; null where it was not to be had. */
  kept: Hex | null;
  /** The network's name of the consensus module that took the block; null where it has none. */
  consensus: string | null;
  /** Whether the federation pays rewards. */
  pays: boolean;
}

export interface Contents {
  body: Fetched<Body>;
  /** Null for block 1. */
  parentBody: Fetched<Body> | null;
  /** Of the manifest, what a body has to repeat. */
  aggregation: Fetched<Body["aggregation"]>;
  model: Fetched<null>;
}

const ok = (name: string, words: string): Check => ({ name, state: "ok", words });
const differs = (name: string, words: string): Check => ({ name, state: "differs", words });
const unchecked = (name: string, words: string): Check => ({ name, state: "unchecked", words });

/** Every check of a block, in the order in which a reader would make them. */
export function checkBlock(scene: Scene, contents: Contents): Check[] {
  return [
    checkHash(scene),
    checkKept(scene),
    checkParent(scene),
    checkUpdates(scene),
    checkBallots(scene),
    checkAccepted(scene),
    checkWork(scene),
    checkContent("Body's CID", contents.body),
    checkBody(scene, contents),
    checkRewardsRoot(scene, contents.body),
    checkRewardsTotal(scene, contents),
    checkContent("Model's CID", contents.model),
  ];
}

function checkHash({ block }: Scene): Check {
  const name = "Header's hash";
  return compare(name, headerHash(block.header), block.hash, "the header hashes to the block's hash");
}

function checkKept({ block, kept }: Scene): Check {
  const name = "Kept by the contract";
  if (kept === null) return unchecked(name, "the contract could not be asked");
  return compare(name, kept, block.hash, "the federation keeps this hash for the round");
}

function checkParent({ chainId, federation, manifest, genesisModel, block, parent }: Scene): Check {
  const name = "Link to the parent";
  const { header } = block;
  if (header.number !== (parent?.header.number ?? 0) + 1)
    return differs(name, "its number is not the next one");
  if (parent === null) {
    const genesis = genesisHash(chainId, federation, manifest, genesisModel);
    return compare(name, genesis, header.parent, "it links to the genesis: manifest, first model and chain");
  }
  return compare(name, headerHash(parent.header), header.parent, "it links to the former block's own header");
}

function checkUpdates(scene: Scene): Check {
  const { snapshot, updates } = scene.round;
  const all = leaves(scene);
  const pools = snapshot.map((index) => all.filter((_, at) => updates[at]?.minerIndex === index));
  const words = `made of ${plural(updates.length, "update")} in ${plural(snapshot.length, "pool")}, as recorded`;
  return compare("updatesRoot", updatesRoot(pools), scene.block.header.updatesRoot, words);
}

function checkBallots({ round, block }: Scene): Check {
  const root = ballotsRoot(votersAtClose(round).map((index) => round.ballots.get(index) ?? null));
  const words = `made of ${plural(round.ballots.size, "ballot")}, ${plural(round.absent.length, "voter")} absent`;
  return compare("ballotsRoot", root, block.header.ballotsRoot, words);
}

function checkAccepted(scene: Scene): Check {
  const accepted = leaves(scene).filter((_, at) => scene.round.updates[at]?.outcome?.accepted);
  const words = `the ballots accept ${accepted.length} of ${plural(scene.round.updates.length, "update")}`;
  return compare("acceptedRoot", merkleRoot(accepted), scene.block.header.acceptedRoot, words);
}

function checkWork({ chainId, federation, block, consensus }: Scene): Check {
  const name = "Proof of work";
  if (block.difficulty === null) return unchecked(name, unworked(consensus));
  const work = workOf(chainId, federation, block.header, block.difficulty);
  if (work === null) return differs(name, "the proof is no nonce");
  const [hash, target] = [work.hash, work.target].map((value) =>
    shorten(numberToHex(value, { size: 32 }), 14, 4),
  );
  return meets(work)
    ? ok(name, `the nonce's hash ${hash} is not above the target ${target}`)
    : differs(name, `the nonce's hash ${hash} is above the target ${target}`);
}

/** Why there is no difficulty to check a block's proof by. */
function unworked(consensus: string | null): string {
  if (consensus === null)
    return "this page does not know the consensus module: the contract has checked the proof";
  if (consensus === "pow") return "the difficulty is not known here: the contract has checked the proof";
  return "another consensus module decided: its turns and lanes are checked by the contract";
}

function checkContent(name: string, content: Fetched<unknown>): Check {
  switch (content.kind) {
    case "read":
    case "malformed":
      return ok(name, `${plural(content.bytes, "byte")} fetched, and their CID is the header's`);
    case "other":
      return differs(name, content.words);
    case "missing":
      return unchecked(name, content.words);
  }
}

function checkBody(scene: Scene, { body, aggregation }: Contents): Check {
  const name = "What the body says";
  if (body.kind === "malformed") return differs(name, body.words);
  if (body.kind !== "read") return unchecked(name, "the body is not there");
  const difference = bodyDifference(scene, body.value);
  if (difference !== null) return differs(name, difference);
  if (aggregation.kind !== "read")
    return unchecked(name, `its rule and weights are the manifest's to say: ${aggregation.words}`);
  const other = aggregationDifference(body.value, aggregation.value);
  if (other !== null) return differs(name, other);
  return ok(name, "it is what the chain says; rule and weights are the manifest's");
}

function checkRewardsRoot({ block, pays }: Scene, content: Fetched<Body>): Check {
  const name = "rewardsRoot";
  const { rewardsRoot: root } = block.header;
  if (!pays) return compare(name, ZERO32, root, "nothing is paid here, and the header says so");
  if (content.kind === "malformed") return differs(name, content.words);
  if (content.kind !== "read") return unchecked(name, "the body with what was earned is not there");
  const { earned } = content.value;
  return compare(
    name,
    rewardsRoot(earned),
    root,
    `made of what ${plural(earned.size, "account")} earned so far`,
  );
}

function checkRewardsTotal({ block, pays }: Scene, { body, parentBody }: Contents): Check {
  const name = "rewardsTotal";
  const { rewardsTotal } = block.header;
  if (!pays) {
    return rewardsTotal === 0n
      ? ok(name, "this block grants nothing")
      : differs(name, "it should be nothing");
  }
  if (body.kind === "malformed") return differs(name, body.words);
  if (body.kind !== "read" || (parentBody !== null && parentBody.kind !== "read"))
    return unchecked(name, "the body of this block or of its parent is not there");
  const grants = grantsOf(body.value, parentBody?.value ?? null);
  if (grants.some(({ granted }) => granted < 0n)) return differs(name, "an account earned less than before");
  const sum = grants.reduce((total, { granted }) => total + granted, 0n);
  if (sum !== rewardsTotal) return differs(name, "it is not what the accounts earned since the parent");
  return ok(name, "it is what the accounts earned since the parent");
}

/** What a block adds to each account, and what that has earned so far; those with something, the most first. */
export function grantsOf(
  body: Body,
  parent: Body | null,
): { account: Address; granted: bigint; earned: bigint }[] {
  const accounts = new Set([...body.earned.keys(), ...(parent?.earned.keys() ?? [])]);
  return [...accounts]
    .map((account) => {
      const earned = body.earned.get(account) ?? 0n;
      return { account, granted: earned - (parent?.earned.get(account) ?? 0n), earned };
    })
    .sort((a, b) => (a.granted < b.granted ? 1 : a.granted > b.granted ? -1 : 0));
}

/** The first thing in which a body is not what the chain says; null when there is none. */
export function bodyDifference(scene: Scene, body: Body): string | null {
  const { chainId, federation, block, parent, round } = scene;
  const { header } = block;
  if (body.chainId !== BigInt(chainId) || body.federation !== federation)
    return "it is of another federation";
  if (body.number !== header.number || body.round !== header.round) return "it is of another block";
  if (body.parent !== header.parent) return "it names another parent";
  if (!sameCid(body.model, parent?.header.model ?? scene.genesisModel))
    return "it names another parent's model";
  if (body.updates.length !== round.updates.length) return "it has another number of updates";
  for (const [at, leaf] of leaves(scene).entries()) {
    const [said, told] = [body.updates[at], round.updates[at]];
    if (said === undefined || told === undefined) return `update ${at} is missing`;
    if (said.leaf !== leaf || updateLeaf(federation, header.round, said) !== leaf)
      return `update ${at} is another`;
    const [one, other] = [said.outcome, told.outcome];
    if (one.accepted !== other?.accepted || one.quality !== other.quality || one.reason !== other.reason)
      return `the outcome of update ${at} is not that of the ballots`;
  }
  const said = ballotsDifference(round, body);
  if (said !== null) return said;
  return acceptedOf(body).join() === body.accepted.join() ? null : "its list of accepted updates is another";
}

function ballotsDifference(round: Scene["round"], body: Body): string | null {
  const voters = votersAtClose(round);
  if (voters.length !== body.ballots.size) return "its ballots are of other voters";
  const other = voters.find((index) => body.ballots.get(index) !== (round.ballots.get(index) ?? null));
  return other === undefined ? null : `the ballot of miner ${other} is another`;
}

/** In what a body is not as the manifest has it (V5); null when there is nothing. */
export function aggregationDifference(body: Body, { rule, sampleCap }: Body["aggregation"]): string | null {
  if (body.aggregation.rule !== rule) return "its aggregation rule is not the manifest's";
  if (body.aggregation.sampleCap !== sampleCap) return "its sample cap is not the manifest's";
  const samples = acceptedOf(body).map((at) => body.updates[at]?.samples ?? 0);
  const weights = countedWeights(samples, sampleCap);
  return weights.join() === body.weights.join() ? null : "its weights do not follow from the samples";
}

function acceptedOf({ updates }: Body): number[] {
  return updates.flatMap(({ outcome }, at) => (outcome.accepted ? [at] : []));
}

/** Whose ballots `ballotsRoot` is made of: a replacement in Attestation changes nothing of it. */
function votersAtClose({ ballots, absent }: Scene["round"]): number[] {
  return [...new Set([...ballots.keys(), ...absent])].sort((a, b) => a - b);
}

function leaves({ federation, block, round }: Scene): Hex[] {
  return round.updates.map((update) => updateLeaf(federation, block.header.round, update));
}

function compare(name: string, one: Hex, other: Hex, words: string): Check {
  if (one.toLowerCase() === other.toLowerCase()) return ok(name, words);
  return differs(name, `${shorten(one, 10, 6)} was computed, ${shorten(other, 10, 6)} is there`);
}

import { numberToHex } from "viem";
import { Address } from "@/components/address";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { useRuntime } from "@/features/chain/context";
import { formatNumber } from "@/lib/format";
import { meets, workOf } from "@/lib/proof-of-work";
import { nameOf } from "@/lib/runtime";
import { plural } from "@/lib/text";
import type { BlockView } from "./block-page";

/** Why this proposer's block was taken. */
export function ProofCard({ view }: { view: BlockView }) {
  const { network } = useRuntime();
  const { block, config, record, round } = view;
  const module = block.module ?? config.consensus;
  const name = nameOf(network.consensus, module);
  const work =
    block.difficulty === null
      ? null
      : workOf(network.chainId, record.address, block.header, block.difficulty);
  const dropped = round.candidates.filter((candidate) => candidate.dropped !== null).length;
  return (
    <Card
      title="Consensus"
      aside={work !== null && <Badge tone={meets(work) ? "good" : "bad"}>proof of work</Badge>}
    >
      <Facts
        entries={[
          [
            "Module",
            <span key="m" className="inline-flex flex-wrap items-center gap-2">
              {name ?? "of this federation's own"} <Address value={module} />
            </span>,
          ],
          ["Candidates of the round", `${round.candidates.length}, of which ${dropped} dropped`],
          ...(work === null || block.difficulty === null
            ? ([["Proof", unworked(name)]] as const)
            : ([
                ["Nonce", <Full key="n" value={work.nonce} what="nonce" />],
                ["Hash", <Full key="h" value={work.hash} what="hash" />],
                ["Target: not above", <Full key="t" value={work.target} what="target" />],
                [
                  "Difficulty",
                  `${formatNumber(block.difficulty)}: about ${plural(Number(block.difficulty), "try", "tries")}`,
                ],
              ] as const)),
        ]}
      />
    </Card>
  );
}

/** What is known of a proof that has no difficulty here. */
function unworked(name: string | null): string {
  if (name === null) return "of a kind that this page does not know";
  if (name === "pow") return "its difficulty is not known here";
  return "none is needed: it was this miner's turn, by the round's seed and the voters' weights";
}

function Full({ value, what }: { value: bigint; what: string }) {
  return <Hash value={numberToHex(value, { size: 32 })} what={what} full />;
}

import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { Time } from "@/components/time";
import { href } from "@/hooks/use-route";
import { cidText } from "@/lib/cid";
import { formatNumber } from "@/lib/format";
import { plural } from "@/lib/text";
import type { BlockView } from "./block-page";

/** The header, field by field, and when the chain took it. */
export function HeaderCard({ view: { block, record, round } }: { view: BlockView }) {
  const { header } = block;
  const hash = (value: string, what = "hash") => <Hash key={what} value={value} what={what} full />;
  const proposer = record.miners.get(block.proposer);
  return (
    <Card title="Header">
      <Facts
        entries={[
          ["Hash", hash(block.hash, "block hash")],
          ["Parent", hash(header.parent, "parent's hash")],
          ["Round", formatNumber(header.round)],
          [
            "Proposed by",
            <span key="p" className="inline-flex flex-wrap items-center gap-2">
              miner {block.index} <Address value={block.proposer} />
              {proposer !== undefined && (
                <>
                  of <Address value={proposer.owner} />
                </>
              )}
            </span>,
          ],
          ["Proposed", <Time key="t" value={block.at.time} absolute />],
          ["Final", <Time key="f" value={block.finalized.time} absolute />],
          ["In the chain's block", formatNumber(block.finalized.block)],
          ["Transaction", hash(block.finalized.tx, "transaction")],
          [
            "Attested",
            `${block.approvals.length} of ${plural(round.voters.length, "voter")} for it (miners ${block.approvals.join(", ")})${
              block.rejections.length > 0 ? `, against it: ${block.rejections.join(", ")}` : ""
            }`,
          ],
          ["updatesRoot", hash(header.updatesRoot)],
          ["ballotsRoot", hash(header.ballotsRoot)],
          ["acceptedRoot", hash(header.acceptedRoot)],
          ["Body", hash(cidText(header.body), "CID of the body")],
          [
            "Model",
            <span key="m" className="inline-flex flex-wrap items-center gap-2">
              {hash(cidText(header.model), "CID of the model")}
              <a className="link" href={href("model", record.address, block.number)}>
                open
              </a>
            </span>,
          ],
          ["rewardsRoot", hash(header.rewardsRoot)],
          [
            "Weights",
            header.weights.length === 0 ? (
              "none: this consensus module keeps no lanes"
            ) : (
              <Lanes key="w" words={header.weights} />
            ),
          ],
        ]}
      />
    </Card>
  );
}

/** Lanes of 16 bits for the next round (K1), those that are not zero. */
function Lanes({ words }: { words: readonly bigint[] }) {
  const lanes = words.slice(0, 4).flatMap((word, at) =>
    Array.from({ length: 16 }, (_, lane) => ({
      index: 16 * at + lane,
      weight: Number((word >> BigInt(16 * lane)) & 0xffffn),
    })),
  );
  const counted = lanes.filter(({ weight }) => weight > 0);
  return (
    <>{counted.map(({ index, weight }) => `miner ${index}: ${formatNumber(weight)}`).join(", ") || "none"}</>
  );
}

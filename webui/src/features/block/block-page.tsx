import { Badge } from "@/components/badge";
import { Loading } from "@/components/loading";
import { Missing } from "@/components/missing";
import { useBody } from "@/features/content/body";
import { FederationHeader } from "@/features/federation/federation-header";
import type { Block, Round } from "@/features/federation/records";
import { UpdatesSection } from "@/features/federation/updates-section";
import { type FederationView, WithFederation } from "@/features/federation/with-federation";
import { href } from "@/hooks/use-route";
import { formatNumber } from "@/lib/format";
import type { PageProps } from "@/routes";
import { BallotsCard } from "./ballots-card";
import { BodyCard } from "./body-card";
import { HeaderCard } from "./header-card";
import { ProofCard } from "./proof-card";
import { RewardsCard } from "./rewards-card";
import { VerifyCard } from "./verify-card";

/** What the cards of a block are made of. */
export interface BlockView extends FederationView {
  block: Block;
  round: Round;
  parent: Block | null;
}

/** One block: what it says, who judged and made it, and whether it holds. */
export default function BlockPage({ route }: PageProps) {
  const [, address = "", number = ""] = route.parts;
  return (
    <WithFederation address={address}>
      {(view) => (
        <Found key={number} view={view} number={/^[1-9]\d{0,8}$/.test(number) ? Number(number) : 0} />
      )}
    </WithFederation>
  );
}

function Found({ view, number }: { view: FederationView; number: number }) {
  const { record } = view;
  const block = record.blocks[number - 1];
  const round = record.rounds.find((known) => known.block?.number === number);
  if (block === undefined || round === undefined) {
    if (!view.complete) return <Loading label="Reading the federation" lines={14} />;
    return (
      <Missing
        name="Block not found"
        title="The federation has no such block"
        hint={
          <a className="link" href={href("chain", record.address)}>
            The chain has {formatNumber(record.blocks.length)}.
          </a>
        }
      />
    );
  }
  return <Shown view={{ ...view, block, round, parent: record.blocks[number - 2] ?? null }} />;
}

function Shown({ view }: { view: BlockView }) {
  const { record, block, round, parent } = view;
  const body = useBody(block.header.body);
  const parentBody = useBody(view.config.rewards === null ? null : (parent?.header.body ?? null));
  return (
    <div className="space-y-4">
      <FederationHeader
        address={record.address}
        config={view.config}
        current="chain"
        heading={`Block ${formatNumber(block.number)}`}
        aside={
          <>
            <Badge tone="good">final</Badge>
            <span className="text-sm">round {formatNumber(block.round)}</span>
          </>
        }
      >
        <Neighbours view={view} />
      </FederationHeader>
      <VerifyCard view={view} />
      <HeaderCard view={view} />
      <UpdatesSection round={round} />
      <BallotsCard view={view} />
      <ProofCard view={view} />
      <RewardsCard view={view} body={body} parentBody={parentBody} />
      <BodyCard cid={block.header.body} body={body} />
    </div>
  );
}

function Neighbours({ view: { record, block, parent } }: { view: BlockView }) {
  const next = record.blocks[block.number];
  const link = (number: number, words: string) => (
    <a className="link" href={href("block", record.address, number)}>
      {words}
    </a>
  );
  return (
    <p className="flex flex-wrap gap-x-4 text-sm">
      {parent === null
        ? "Its parent is the genesis."
        : link(parent.number, `Parent: block ${formatNumber(parent.number)}`)}
      {next === undefined
        ? "It is the newest one."
        : link(next.number, `Next: block ${formatNumber(next.number)}`)}
    </p>
  );
}

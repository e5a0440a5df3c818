import { type KeyboardEvent, useRef, useState } from "react";
import type { Address } from "viem";
import { href } from "@/hooks/use-route";
import { type Lineage, type LineageEdge, type LineageNode, type NodeKind, neighbour } from "./lineage";

const COLUMN = 100;
const LANE = 60;
const WIDTH = 80;
const HEIGHT = 40;
const MARGIN = 12;

const SHAPES: Readonly<Record<NodeKind, string>> = {
  genesis: "fill-base-200 stroke-base-content",
  block: "fill-success/15 stroke-success",
  dropped: "fill-error/15 stroke-error [stroke-dasharray:4_3]",
  skipped: "fill-warning/20 stroke-warning [stroke-dasharray:4_3]",
  open: "fill-info/15 stroke-info [stroke-dasharray:4_3]",
};

interface Props {
  lineage: Lineage;
  address: Address;
}

/** The graph: one node takes the focus, arrow keys lead to the others, what it is stands beneath. */
export function LineageGraph({ lineage, address }: Props) {
  const { nodes, edges, columns, lanes } = lineage;
  const [chosen, setChosen] = useState<string | null>(null);
  const graph = useRef<SVGSVGElement>(null);
  const current = nodes.find(({ id }) => id === chosen) ?? nodes.findLast(({ lane }) => lane === 0);
  const [width, height] = [columns * COLUMN + 2 * MARGIN, lanes * LANE + 2 * MARGIN];

  const onKeyDown = (event: KeyboardEvent) => {
    const next = current === undefined ? null : neighbour(nodes, current, event.key);
    if (next === null) return;
    event.preventDefault();
    graph.current?.querySelector<SVGAElement>(`[data-node="${next.id}"]`)?.focus();
  };

  return (
    <>
      {/* The newest stand to the right: they are what is seen first. */}
      <div className="overflow-x-auto" ref={showEnd}>
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing can be no fieldset */}
        <svg
          ref={graph}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label="Lineage of blocks: arrow keys lead from one to the next"
          onKeyDown={onKeyDown}
        >
          {edges.map((edge) => (
            <Edge key={`${edge.from.id} ${edge.to.id}`} edge={edge} />
          ))}
          {nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              current={node.id === current?.id}
              link={linkOf(node, address)}
              onFocus={() => setChosen(node.id)}
            />
          ))}
        </svg>
      </div>
      <p className="mt-2 min-h-12 text-sm">{current?.words}.</p>
    </>
  );
}

function showEnd(box: HTMLDivElement | null): void {
  if (box !== null) box.scrollLeft = box.scrollWidth;
}

/** A block has its page; of what never became one, its round tells. */
function linkOf(node: LineageNode, address: Address): string {
  if (node.number !== null) return href("block", address, node.number);
  if (node.round === null) return href("model", address, 0);
  return `${href("chain", address)}?round=${node.round}`;
}

const left = ({ column }: LineageNode) => MARGIN + column * COLUMN + (COLUMN - WIDTH) / 2;
const top = ({ lane }: LineageNode) => MARGIN + lane * LANE + (LANE - HEIGHT) / 2;

function Edge({ edge: { from, to, solid } }: { edge: LineageEdge }) {
  const [x1, y1] = [left(from) + WIDTH, top(from) + HEIGHT / 2];
  const [x2, y2] = [left(to), top(to) + HEIGHT / 2];
  const bend = x2 - (COLUMN - WIDTH);
  return (
    <path
      d={
        y1 === y2
          ? `M${x1} ${y1}H${x2}`
          : `M${x1} ${y1}H${bend}Q${bend + 10} ${y1} ${bend + 10} ${y1 + 10}V${y2 - 10}Q${bend + 10} ${y2} ${x2} ${y2}`
      }
      className={`fill-none stroke-base-content/60 ${solid ? "" : "[stroke-dasharray:4_3]"}`}
      strokeWidth={solid ? 2 : 1.5}
    />
  );
}

interface NodeProps {
  node: LineageNode;
  current: boolean;
  link: string;
  onFocus: () => void;
}

function Node({ node, current, link, onFocus }: NodeProps) {
  const [x, y] = [left(node), top(node)];
  return (
    <a
      href={link}
      data-node={node.id}
      tabIndex={current ? 0 : -1}
      aria-label={node.words}
      aria-current={current ? "true" : undefined}
      onFocus={onFocus}
      onPointerEnter={onFocus}
    >
      <rect
        x={x}
        y={y}
        width={WIDTH}
        height={HEIGHT}
        rx={node.kind === "genesis" ? HEIGHT / 2 : 6}
        className={SHAPES[node.kind]}
        strokeWidth={current ? 3 : 1.5}
      />
      <text
        x={x + WIDTH / 2}
        y={y + 17}
        textAnchor="middle"
        className="fill-base-content font-semibold text-xs"
      >
        {node.label}
      </text>
      <text x={x + WIDTH / 2} y={y + 32} textAnchor="middle" className="fill-base-content text-[11px]">
        {node.kind === "dropped" ? "dropped" : node.round === null ? "round 0" : `round ${node.round}`}
      </text>
    </a>
  );
}

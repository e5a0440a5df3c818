import { useMemo } from "react";
import { Card } from "@/components/card";
import { Command } from "@/components/command";
import { EmptyState } from "@/components/empty-state";
import { FederationHeader } from "@/features/federation/federation-header";
import { type FederationView, WithFederation } from "@/features/federation/with-federation";
import { formatNumber } from "@/lib/format";
import type { PageProps } from "@/routes";
import { type ModelEntry, modelsOf } from "./history";
import { HistoryCard } from "./history-card";
import { ModelCard } from "./model-card";

/** A global model: the newest one, or that of the block which the address names. */
export default function ModelPage({ route }: PageProps) {
  const [, address = "", block = ""] = route.parts;
  return <WithFederation address={address}>{(view) => <Shown view={view} block={block} />}</WithFederation>;
}

function Shown({ view, block }: { view: FederationView; block: string }) {
  const { record, config } = view;
  const models = useMemo(() => modelsOf(record, config.model), [record, config.model]);
  const model = block === "" ? models.at(-1) : models.find((entry) => String(entry.block) === block);
  return (
    <div className="space-y-4">
      <FederationHeader
        address={record.address}
        config={config}
        current="model"
        heading={model === undefined ? "Model" : titleOf(model)}
      />
      {model === undefined ? (
        <EmptyState
          title="There is no model of this block"
          hint="The history below has those that there are."
        />
      ) : (
        <>
          <ModelCard key={model.block} model={model} maxModelBytes={config.maxModelBytes} />
          <Commands address={record.address} round={model.round} />
        </>
      )}
      <HistoryCard models={models} address={record.address} current={model?.block ?? null} />
    </div>
  );
}

function titleOf({ block, round }: ModelEntry): string {
  return block === 0
    ? "Genesis model"
    : `Model after block ${formatNumber(block)} (round ${formatNumber(round)})`;
}

function Commands({ address, round }: { address: string; round: number }) {
  return (
    <Card title="Go on from it">
      <div className="space-y-2 text-sm">
        <p>Download it without this page; its bytes are checked against the chain:</p>
        <Command line={`minerva model download ${address} --round ${round} --out model.safetensors`} />
        <p>As ONNX, for other programs (needs the task's code):</p>
        <Command line={`minerva model export ${address} --round ${round} --out model.onnx`} />
        <p>
          Train the newest one on, with your own data, in this federation. For a federation of your own that
          begins with these weights, write a task whose <code>model()</code> loads the file (
          <code>minerva task new</code>), and name it: <code>minerva federation create --task</code>.
        </p>
        <Command line={`minerva device run ${address} --account device.json`} />
      </div>
    </Card>
  );
}

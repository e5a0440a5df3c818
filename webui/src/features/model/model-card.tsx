import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { ErrorNote } from "@/components/error-note";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { StrangerText } from "@/components/stranger-text";
import { cidText } from "@/lib/cid";
import { formatBytes, formatNumber } from "@/lib/format";
import type { Safetensors, Tensor } from "@/lib/safetensors";
import { saveFile } from "@/lib/save";
import { cleanText, plural } from "@/lib/text";
import type { ModelEntry } from "./history";
import { type FetchedModel, useModel } from "./use-model";

const COLUMNS: readonly Column<Tensor>[] = [
  { name: "Name", cell: ({ name }) => <StrangerText value={name} most={120} none="(no name)" /> },
  { name: "Type", cell: ({ dtype }) => dtype },
  { name: "Shape", cell: ({ shape }) => `[${shape.join(", ")}]` },
  { name: "Elements", cell: ({ elements }) => formatNumber(elements), right: true },
  { name: "Length", cell: ({ bytes }) => formatBytes(bytes), right: true },
];

/** One model: its CID, and on demand its bytes and what they hold. */
export function ModelCard({ model, maxModelBytes }: { model: ModelEntry; maxModelBytes: number }) {
  const fetching = useModel(model.cid, maxModelBytes);
  const { data: fetched, isPending, error } = fetching;
  const download = async () => {
    const whole = fetched ?? (await fetching.mutateAsync().catch(() => null)); // shown below
    if (whole !== null) saveFile(`model-${model.block}.safetensors`, whole.data, "application/octet-stream");
  };
  return (
    <Card
      title="Content"
      aside={
        <span className="flex flex-wrap gap-2">
          <button
            type="button"
            className="btn btn-sm"
            disabled={isPending || fetched !== undefined}
            onClick={() => fetching.mutate()}
          >
            Show the tensors
          </button>
          <button
            type="button"
            className="btn btn-primary btn-sm"
            disabled={isPending}
            onClick={() => void download()}
          >
            Download
          </button>
        </span>
      }
    >
      <Facts
        entries={[
          ["CID", <Hash key="cid" value={cidText(model.cid)} what="CID" full />],
          [
            "Where it comes from",
            model.block === 0
              ? "the federation's creation"
              : model.carried
                ? "the block before: no update was accepted in this round"
                : `the accepted updates of round ${formatNumber(model.round)}`,
          ],
        ]}
      />
      <div className="mt-3" aria-live="polite">
        {isPending && <p className="text-sm">Fetching, and computing its CID…</p>}
        {error !== null && (
          <ErrorNote
            problem={{ title: "The model is not to be had", cure: `${error.message}.` }}
            onRetry={() => fetching.mutate()}
          />
        )}
        {fetched !== undefined && <Content fetched={fetched} />}
      </div>
    </Card>
  );
}

function Content({ fetched: { data, file } }: { fetched: FetchedModel }) {
  const checked = `${formatBytes(data.length)} fetched; their CID is the one above.`;
  if (typeof file === "string") {
    return <ErrorNote problem={{ title: "Its bytes are no safetensors", cure: `${checked} But ${file}.` }} />;
  }
  return <Tensors file={file} checked={checked} />;
}

function Tensors({ file, checked }: { file: Safetensors; checked: string }) {
  return (
    <>
      <p className="mb-2 text-sm">
        {checked} {plural(file.tensors.length, "tensor")} of {plural(file.elements, "number")} in all.
      </p>
      {file.metadata.length > 0 && (
        <Facts
          entries={file.metadata
            .slice(0, 20)
            .map(([name, value]) => [
              cleanText(name, 40),
              <StrangerText key={name} value={value} most={120} />,
            ])}
        />
      )}
      <DataTable
        caption="Tensors"
        columns={COLUMNS}
        rows={file.tensors}
        rowKey={({ name }) => name}
        empty="It holds no tensors"
      />
    </>
  );
}

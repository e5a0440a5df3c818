import type { UseQueryResult } from "@tanstack/react-query";
import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { DataTable } from "@/components/data-table";
import { ErrorNote } from "@/components/error-note";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { Loading } from "@/components/loading";
import { StrangerText } from "@/components/stranger-text";
import type { FetchedBody } from "@/features/content/body";
import type { Body } from "@/lib/body";
import { type Cid, cidText } from "@/lib/cid";
import { formatBytes, formatNumber } from "@/lib/format";
import { plural } from "@/lib/text";

/** The document that the header names: fetched, its CID checked, read field by field. */
export function BodyCard({ cid, body }: { cid: Cid; body: UseQueryResult<FetchedBody> }) {
  return (
    <Card title="Body" aside={<Hash value={cidText(cid)} what="CID" />}>
      <Content query={body} />
    </Card>
  );
}

function Content({ query }: { query: UseQueryResult<FetchedBody> }) {
  if (query.isPending) return <Loading label="Fetching the body" lines={4} />;
  if (query.isError) {
    return (
      <ErrorNote
        problem={{ title: "The body is not to be had", cure: `${query.error.message}.` }}
        onRetry={() => void query.refetch()}
      />
    );
  }
  const { body, bytes } = query.data;
  if (typeof body === "string") {
    return <ErrorNote problem={{ title: "What the header names as its body is none", cure: `${body}.` }} />;
  }
  return <Read body={body} bytes={bytes} />;
}

function Read({ body, bytes }: { body: Body; bytes: number }) {
  const refused = body.updates.length - body.accepted.length;
  return (
    <>
      <Facts
        entries={[
          ["Length", `${formatBytes(bytes)}, and its CID is the header's`],
          ["Parent's model", <Hash key="m" value={cidText(body.model)} what="CID" />],
          ["Updates", `${plural(body.accepted.length, "accepted one")}, ${refused} refused`],
          ["Aggregation", <StrangerText key="a" value={body.aggregation.rule} />],
          ["Samples count at most", `${formatNumber(body.aggregation.sampleCap)} times their lower median`],
          [
            "Counted weights",
            body.weights
              .slice(0, 50)
              .map((weight) => formatNumber(weight))
              .join(", ") || "none",
          ],
        ]}
      />
      <details className="mt-3">
        <summary className="cursor-pointer text-sm">Calibrated rates after this block</summary>
        <DataTable
          caption="Calibrated rates"
          columns={[
            { name: "Device", cell: ([device]) => <Address value={device} /> },
            { name: "ns per sample and epoch", cell: ([, rate]) => formatNumber(rate), right: true },
          ]}
          rows={[...body.rates]}
          rowKey={([device]) => device}
          empty="No device has a rate"
        />
      </details>
    </>
  );
}

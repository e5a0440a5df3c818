// What strangers may put on IPFS and on the chain to harm whoever looks at it.
import { type Address, concat, encodeAbiParameters, type Hex, numberToHex, size } from "viem";
import { type Cid, cidOf, cidText } from "../src/lib/cid";
import { publicClient, walletOf } from "./chain";
import { stack } from "./stack";

const HARM = "window.__pwned=1";
const MARKUP = `<img src=x onerror=${HARM}><script>${HARM}</script><svg onload=${HARM}>`;
const HIDING = "\u202Eexe.gnp\u2066\u200B\uFEFF\u0000";

/** A manifest's first words, by which the page of the list tells it. */
export const TITLE = `Trap ${MARKUP}`;
export const ENDPOINT = `javascript:${HARM}//${HIDING}"><img src=x onerror=${HARM}>`;

/** Documents that name themselves manifests, each bad in its own way. */
export const MANIFESTS: Readonly<Record<string, string>> = {
  markup: JSON.stringify({
    minerva: 1,
    title: TITLE,
    task: `javascript:${HARM}`,
    inputs: `${HIDING} data:text/html,${MARKUP}`,
    labels: `[here](javascript:${HARM}) https://evil.example/?${HIDING}`,
    aggregation: "W".repeat(1_000_000),
    evaluation: `" onmouseover="${HARM}" x="${"\n".repeat(1000)}`,
    tensors: [{ name: MARKUP, shape: [1e308, -1], dtype: MARKUP }],
    hyperparameters: { [MARKUP]: MARKUP },
  }),
  "a megabyte": JSON.stringify({
    minerva: 1,
    title: "M".repeat(1_000_000),
    evaluation: "\u0301".repeat(1_000_000),
  }),
  "marks that turn": JSON.stringify({
    minerva: 1,
    title: `${HIDING}`.repeat(50),
    task: "\u202E".repeat(1000),
  }),
  "huge numbers": `{"minerva":1,"title":1e999,"task":${"9".repeat(5000)},"tensors":{"length":1e99},"confidential":"yes"}`,
  "no fields": '{"minerva":1}',
  "a prototype":
    '{"minerva":1,"__proto__":{"title":"x"},"constructor":{"prototype":{"title":1}},"title":{"toString":1}}',
  "a list": `[${'"minerva",'.repeat(1000)}1]`,
  depth: "[".repeat(200_000),
  "no JSON": `<!doctype html><script>${HARM}</script>`,
};

/** Put a text on the stack's IPFS node. */
export async function publish(text: string): Promise<Cid> {
  const data = new TextEncoder().encode(text);
  const form = new FormData();
  form.append("file", new Blob([data]));
  const port = /\/tcp\/(\d+)/.exec(stack().stores[0] ?? "")?.[1];
  const query = "cid-version=1&raw-leaves=true&chunker=size-1048576";
  const answer = await fetch(`http://127.0.0.1:${port}/api/v0/add?${query}`, { method: "POST", body: form });
  const { Hash: added } = (await answer.json()) as { Hash: string };
  const cid = await cidOf(data);
  if (added !== cidText(cid)) throw new Error(`the node added ${added}, not ${cidText(cid)}`);
  return cid;
}

/** A token that calls itself so, whatever one asks of it. */
export async function deployToken(account: number, symbol: string): Promise<Address> {
  const answer = encodeAbiParameters([{ type: "string" }], [symbol]);
  const copy = (from: number, length: number): Hex =>
    concat(["0x61", numberToHex(length, { size: 2 }), "0x61", numberToHex(from, { size: 2 }), "0x600039"]);
  const give = (length: number): Hex => concat(["0x61", numberToHex(length, { size: 2 }), "0x6000f3"]);
  const code = (data: Hex): Hex => concat([copy(15, size(data)), give(size(data)), data]);
  const hash = await walletOf(account).sendTransaction({ data: code(code(answer)), chain: null });
  const { contractAddress } = await publicClient().waitForTransactionReceipt({ hash });
  if (contractAddress === null || contractAddress === undefined) throw new Error("no token was deployed");
  return contractAddress;
}

import { expect, test } from "vitest";
import { CHUNK_BYTES, cidOf, cidText, MAX_LINKS, parseCid, sameCid } from "./cid";

// What client/minerva/store/cid.py gives for the same bytes, and Kubo with it.
const KNOWN: readonly (readonly [string, Uint8Array, string])[] = [
  ["nothing", new Uint8Array(), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"],
  [
    "a text",
    new TextEncoder().encode("minerva"),
    "bafkreidj5pk3jwbiqnwavrzgolvk2fdlfphuo5rvjkklv6pdxqp7thpmvm",
  ],
  [
    "one chunk and a byte",
    new Uint8Array(CHUNK_BYTES + 1).fill(7),
    "bafybeigjlpad4kropgqbvvtp4leb45zzlmlgtwcnswuiq4au36xg6a4ibq",
  ],
  [
    "one node more than one root holds",
    new Uint8Array(CHUNK_BYTES * MAX_LINKS + 1),
    "bafybeibvh2wc7n5urwrvmv7nxmk2htrwz3mqqs4ulqcnzwpxtpxoer6xmu",
  ],
];

test.each(KNOWN)("the CID of %s is the client's", async (_, data, text) => {
  expect(cidText(await cidOf(data))).toBe(text);
});

test("a CID is read back, and nothing else is", async () => {
  const cid = await cidOf(new TextEncoder().encode("minerva"));
  const text = cidText(cid);
  expect(sameCid(parseCid(text) ?? { digest: "0x", codec: 0 }, cid)).toBe(true);
  for (const other of [
    text.toUpperCase(),
    `${text}a`,
    text.slice(1),
    `b${"a".repeat(58)}`,
    `${text.slice(0, -1)}1`,
  ]) {
    expect(parseCid(other)).toBeNull();
  }
});
